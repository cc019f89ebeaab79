// SPDX-License-Identifier: Apache-2.0
// Stochastic precision: at p = 1 training is plain quantised training, below it is not; runs learn, go on
// bit-identically and export bit for bit.
#include <gtest/gtest.h>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/export/export_model.hpp"
#include "trainer/export/parity.hpp"

namespace lowtide::trainer {
namespace {

std::vector<NamedTensor> trained(const std::vector<std::string>& changes, const char* name) {
  const RunFolder folder = fresh_folder(name);
  uninterrupted(small_recipe(changes), folder);
  const auto checkpoint = load_checkpoint(folder.last());
  EXPECT_TRUE(checkpoint);
  return checkpoint ? checkpoint->tensors : std::vector<NamedTensor>{};
}

size_t differences(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  EXPECT_EQ(a.size(), b.size());
  size_t count = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) count += a[i].bytes != b[i].bytes ? 1 : 0;
  return count;
}

TEST(Stochastic, AtAShareOfOneIsPlainTraining) {
  for (const char* bits : {"quantization.weight_bits=2", "quantization.weight_bits=1"}) {
    const std::vector<std::string> plain = {"training.epochs=1", "quantization.last_layer=8", bits};
    std::vector<std::string> always = plain, seldom = plain;
    always.push_back("stochastic.start=1");
    seldom.push_back("stochastic.start=0.5");
    const auto expected = trained(plain, "plain");
    EXPECT_EQ(differences(trained(always, "always"), expected), 0u) << bits;
    EXPECT_GT(differences(trained(seldom, "seldom"), expected), 0u) << bits;
  }
}

TEST(Stochastic, LearnsResumesAndExports) {
  const Recipe recipe = small_recipe({"stochastic.start=0.25", "stochastic.fraction=0.75"});
  const RunFolder folder = fresh_folder("stochastic");
  const auto summary = run_training(harness::test_context(), small_run(recipe, folder));
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_GT(summary->best_accuracy, 0.1);  // 36 classes
  const auto data = open_recipe_data(recipe, {});
  ASSERT_TRUE(data);
  ASSERT_TRUE(export_model(harness::test_context(), recipe, *data, folder.last(), folder.model()));
  const auto parity = prove_parity(harness::test_context(), recipe, *data, folder.last(), folder.model());
  ASSERT_TRUE(parity) << parity.error().to_string();
  EXPECT_TRUE(parity->is_exact());
  expect_resumed_equals(recipe, "stochastic_parts", [](RunOptions& options) { options.should_stop = stop_at(22); });
}

}  // namespace
}  // namespace lowtide::trainer
