// SPDX-License-Identifier: Apache-2.0
// A run that starts from the checkpoint of another one: what is taken over, and what is said where it does not fit.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"

namespace lowtide::trainer {
namespace {

Recipe starting_from(const std::filesystem::path& checkpoint, const std::vector<std::string>& changes = {}) {
  Recipe recipe = small_recipe(changes);
  recipe.phases[0].initialize_from = checkpoint.string();
  return recipe;
}

// The full-precision network that the 2-bit runs below start from.
RunFolder trained() {
  const RunFolder folder = fresh_folder("initialize_from");
  uninterrupted(
      small_recipe({"training.epochs=1", "quantization.weight_bits=fp32", "quantization.activation_bits=fp32"}),
      folder);
  return folder;
}

TEST(InitializeFrom, TakesParametersAndStatisticsButNoMoments) {
  const RunFolder source = trained();
  RunOptions options = small_run(starting_from(source.last()), fresh_folder("initialized"));
  options.should_stop = [] { return true; };  // before the first step
  const auto summary = run_training(harness::test_context(), options);
  ASSERT_TRUE(summary) << summary.error().to_string();
  const auto before = load_checkpoint(source.last());
  const auto after = load_checkpoint(options.folder.last());
  ASSERT_TRUE(before && after);
  size_t taken = 0;
  for (const NamedTensor& tensor : after->tensors) {
    if (tensor.name.starts_with("moment")) {
      const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
      EXPECT_TRUE(std::all_of(tensor.bytes.begin(), tensor.bytes.end(), is_zero)) << tensor.name;
    } else {
      EXPECT_TRUE(tensor.bytes == before->find(tensor.name)->bytes) << tensor.name;
      ++taken;
    }
  }
  EXPECT_EQ(taken, 4u * 5u + 2u);  // four layers with weight, norm and statistics; the last one has weight and bias
  EXPECT_EQ(after->state.position, RunPosition{});
}

TEST(InitializeFrom, NeedsTheFileOnlyAtTheStart) {
  const RunFolder source = trained();
  const Recipe recipe = starting_from(source.last(), {"training.epochs=2"});
  expect_resumed_equals(recipe, "initialize", [](RunOptions& options) { options.stop_after_epochs = 1; });

  const RunFolder folder = fresh_folder("initialize_gone");
  RunOptions options = small_run(recipe, folder);
  options.stop_after_epochs = 1;
  ASSERT_TRUE(run_training(harness::test_context(), options));
  std::filesystem::remove(source.last());
  options.stop_after_epochs = 0;
  options.resume = true;
  const auto resumed = run_training(harness::test_context(), options);
  EXPECT_TRUE(resumed) << resumed.error().to_string();
}

TEST(InitializeFrom, SaysWhatDoesNotFit) {
  const RunFolder source = trained();
  const auto refusal = [&](const Recipe& recipe) {
    const auto summary = run_training(harness::test_context(), small_run(recipe, fresh_folder("initialize_refused")));
    EXPECT_FALSE(summary);
    return summary ? "" : summary.error().to_string();
  };
  const std::string wider = refusal(starting_from(source.last(), {"network.width=1"}));
  for (const std::string& part :
       {std::string("phase 'train' (network 'lenet5') cannot start from ") + source.last().string(),
        std::string("'conv1.weight' is f32[3, 5, 5, 1], the network has f32[6, 5, 5, 1]"),
        std::string("initialize_from")}) {
    EXPECT_NE(wider.find(part), std::string::npos) << wider;
  }
  auto cut = load_checkpoint(source.last());
  ASSERT_TRUE(cut);
  std::erase_if(cut->tensors, [](const NamedTensor& tensor) { return tensor.name == "fc1.gamma"; });
  const std::filesystem::path incomplete = source.path / "incomplete.safetensors";
  ASSERT_TRUE(save_checkpoint(incomplete, *cut));
  const std::string missing = refusal(starting_from(incomplete));
  EXPECT_NE(missing.find("'fc1.gamma' f32[60] is missing"), std::string::npos) << missing;

  const std::filesystem::path nothing = source.path / "nothing.safetensors";
  EXPECT_NE(refusal(starting_from(nothing)).find(nothing.string()), std::string::npos);
  const std::string text = refusal(starting_from(source.recipe()));
  EXPECT_NE(text.find(source.recipe().string()), std::string::npos) << text;
}

}  // namespace
}  // namespace lowtide::trainer
