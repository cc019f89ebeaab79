// SPDX-License-Identifier: Apache-2.0
// EXP-Net on a device: at f = 0 a training step is the plain network's, to the bit; runs resume across the end of the
// branch and export the plain network.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/data/glyphs.hpp"
#include "trainer/export/export_model.hpp"
#include "trainer/export/parity.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"
#include "trainer/loop/stepper.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint32_t kBatch = 16;

struct AfterOneStep {
  StepMetrics metrics;
  std::map<std::string, std::vector<std::byte>> tensors;
};

// One step from the seed's start.
AfterOneStep one_step(const std::vector<std::string>& changes, double factor) {
  const Recipe recipe = small_recipe(changes);
  const Phase& phase = recipe.phases[0];
  const Dataset dataset = make_glyphs({.seed = 3, .train_count = kBatch, .test_count = 1});
  std::vector<float> images;
  for (const uint8_t pixel : dataset.train.pixels) images.push_back((pixel / 255.0f - 0.2f) / 0.3f);
  AfterOneStep out;
  auto train = make_train_graph(phase, net_input(dataset, kBatch));
  EXPECT_TRUE(train) << train.error().to_string();
  auto stepper = Stepper::create(harness::test_context(), std::move(*train));
  EXPECT_TRUE(stepper) << stepper.error().to_string();
  const TrainGraph& t = (*stepper)->train();
  EXPECT_TRUE(write_persistent(t.graph, (*stepper)->executor(), initial_tensors(t.graph, t.parameters, recipe.seed)));
  const Batch batch = {.images = images, .labels = dataset.train.labels, .valid = kBatch};
  const StepValues values = {.rate = 0.01, .expansion = factor};
  EXPECT_TRUE((*stepper)->submit(batch, make_step_block(phase.optimizer, recipe.seed, 0, values, kBatch)));
  out.metrics = (*stepper)->finish().value();
  auto tensors = read_persistent(t.graph, (*stepper)->executor());
  for (NamedTensor& tensor : *tensors) {
    out.tensors[tensor.name] = std::move(tensor.bytes);
  }
  return out;
}

std::vector<std::string> with(std::vector<std::string> changes, const char* merge) {
  changes.push_back(std::string("expansion.merge=") + merge);
  return changes;
}

TEST(ExpNet, AStepAtFactorZeroIsThePlainStep) {
  const std::vector<std::vector<std::string>> networks = {{}, {"network.name=resnet20"}};
  for (const auto& network : networks) {
    const AfterOneStep plain = one_step(network, 0);
    std::set<float> losses = {plain.metrics.loss};  // with the branch at full weight, each merge is another network
    for (const char* merge : {"add", "subtract", "concatenate"}) {
      if (!network.empty() && std::string(merge) == "concatenate") continue;  // refused where shortcuts are added
      SCOPED_TRACE(merge);
      const AfterOneStep faded = one_step(with(network, merge), 0);
      EXPECT_EQ(faded.metrics.loss, plain.metrics.loss);
      // The norm sums more blocks, all zero, in another order.
      EXPECT_NEAR(faded.metrics.gradient_norm, plain.metrics.gradient_norm, 1e-5f * plain.metrics.gradient_norm);
      EXPECT_GT(faded.tensors.size(), plain.tensors.size());
      for (const auto& [name, bytes] : plain.tensors) EXPECT_EQ(faded.tensors.at(name), bytes) << name;
      const AfterOneStep branched = one_step(with(network, merge), 1);
      EXPECT_NE(branched.metrics.loss, plain.metrics.loss);
      EXPECT_TRUE(losses.insert(branched.metrics.loss).second);
      EXPECT_GT(branched.metrics.gradient_norm, 0.0f);
    }
  }
}

const std::vector<std::string> kSmall = {"training.epochs=3", "expansion.fraction=0.67", "schedule.rate=0.005"};

TEST(ExpNet, ExportsThePlainNetwork) {
  for (const char* merge : {"add", "concatenate"}) {
    Recipe recipe = small_recipe(with(kSmall, merge));
    recipe.data.train_limit = 2000;
    const RunFolder folder = fresh_folder(std::string("exp_net_export_") + merge);
    const auto summary = run_training(harness::test_context(), small_run(recipe, folder));
    ASSERT_TRUE(summary) << summary.error().to_string();
    EXPECT_GT(summary->last.accuracy(), 0.3);  // chance is below 0.03
    const auto dataset = open_recipe_data(recipe, {});
    ASSERT_TRUE(dataset);
    const auto report = export_model(harness::test_context(), recipe, *dataset, folder.last(), folder.model());
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->layers.size(), 5u);
    const auto parity = prove_parity(harness::test_context(), recipe, *dataset, folder.last(), folder.model());
    ASSERT_TRUE(parity) << parity.error().to_string();
    EXPECT_TRUE(parity->is_exact());
    EXPECT_EQ(parity->images, dataset->test.count());
  }
}

// The authors' SVHN network takes magnitudes. With full-precision activations that learns in seconds; with 2 bits the
// proof is what counts.
TEST(ExpNet, NetworksOfMagnitudesLearnAndExport) {
  for (const std::string bits : {"32", "2"}) {
    SCOPED_TRACE(bits);
    std::vector<std::string> changes = with(kSmall, "concatenate");
    changes.push_back("quantization.activation_bits=" + bits);
    for (const char* change : {"network.activation=magnitude", "data.brightness=10", "data.contrast=0.2"}) {
      changes.emplace_back(change);
    }
    Recipe recipe = small_recipe(changes);
    recipe.data.train_limit = 2000;
    const RunFolder folder = fresh_folder("exp_net_magnitude_" + bits);
    const auto summary = run_training(harness::test_context(), small_run(recipe, folder));
    ASSERT_TRUE(summary) << summary.error().to_string();
    EXPECT_GT(summary->last.accuracy(), bits == "32" ? 0.06 : 0.0);  // chance is below 0.03
    const auto dataset = open_recipe_data(recipe, {});
    ASSERT_TRUE(dataset);
    const auto report = export_model(harness::test_context(), recipe, *dataset, folder.last(), folder.model());
    ASSERT_TRUE(report) << report.error().to_string();
    const auto parity = prove_parity(harness::test_context(), recipe, *dataset, folder.last(), folder.model());
    ASSERT_TRUE(parity) << parity.error().to_string();
    EXPECT_TRUE(parity->is_exact());
  }
}

}  // namespace
}  // namespace lowtide::trainer
