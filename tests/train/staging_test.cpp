// SPDX-License-Identifier: Apache-2.0
// Runs of staged methods: they go on bit-identically from the middle of any phase, hand-over changes no latent, the
// network at the end is exported packed and infers like its evaluation, and what a run says names phase, bits, cycle.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/export/export_model.hpp"
#include "trainer/export/parity.hpp"

namespace lowtide::trainer {
namespace {

// 5 steps an epoch, one epoch a phase unless `changes` say otherwise: a phase asks 6 times whether to stop.
Recipe short_recipe(std::vector<std::string> changes) {
  changes.insert(changes.begin(), {"data.train_limit=100", "data.test_limit=48", "training.epochs=1"});
  return small_recipe(changes);
}

const std::vector<std::string> kTwoStage = {"two_stage.first_epochs=1"};
const std::vector<std::string> kProgressive = {"progressive.bits=[32, 16, 2]", "two_stage.first_epochs=1"};
const std::vector<std::string> kCyclic = {"quantization.weight_bits=1",
                                          "quantization.activation_bits=1",
                                          "quantization.weight_quantizer=sign_channel",
                                          "quantization.activation_quantizer=sign",
                                          "cyclic.bits=[2, 1]",
                                          "cyclic.cycles=2"};

TEST(Staging, TwoStageResumes) {
  for (const int asked : {3, 8}) {
    expect_resumed_equals(short_recipe(kTwoStage), "two_stage",
                          [&](RunOptions& options) { options.should_stop = stop_at(asked); });
  }
}

TEST(Staging, ProgressiveResumesAtSixteenBits) {
  const Recipe recipe = short_recipe(kProgressive);
  ASSERT_EQ(recipe.phases.size(), 4u);
  ASSERT_EQ(recipe.phases[1].quantization.weight_bits, 16u);
  expect_resumed_equals(recipe, "progressive", [](RunOptions& options) { options.should_stop = stop_at(9); });
}

TEST(Staging, CyclesResume) {
  const Recipe recipe = short_recipe(kCyclic);
  ASSERT_EQ(recipe.phases.size(), 6u);
  ASSERT_EQ(recipe.phases[4].cycle, 2u);
  for (const int asked : {14, 27, 33}) {  // 1 bit of cycle 1, 2 bits and 1 bit of cycle 2
    expect_resumed_equals(recipe, "cyclic", [&](RunOptions& options) { options.should_stop = stop_at(asked); });
  }
}

// With a rate of 0 in all phases behind the first, what the first leaves is what the last ends with, to the last bit.
TEST(Staging, HandOverChangesNoLatent) {
  for (const auto& changes : {kTwoStage, kProgressive, kCyclic}) {
    Recipe recipe = short_recipe(changes);
    for (size_t i = 1; i < recipe.phases.size(); ++i) recipe.phases[i].schedule.rate = 0;
    const RunFolder folder = fresh_folder("hand_over");
    RunOptions options = small_run(recipe, folder);
    options.stop_after_epochs = 1;
    ASSERT_TRUE(run_training(harness::test_context(), options));
    const auto first = load_checkpoint(folder.last());
    options.stop_after_epochs = 0;
    options.resume = true;
    ASSERT_TRUE(run_training(harness::test_context(), options));
    const auto last = load_checkpoint(folder.last());
    ASSERT_TRUE(first && last);
    EXPECT_EQ(first->state.position.phase, 0u);
    EXPECT_EQ(last->state.position.phase, recipe.phases.size() - 1);
    size_t compared = 0;
    for (const NamedTensor& tensor : first->tensors) {
      if (tensor.name.starts_with("moment") || tensor.name.find("running") != std::string::npos) continue;
      const NamedTensor* found = last->find(tensor.name);
      ASSERT_NE(found, nullptr) << tensor.name;
      EXPECT_EQ(found->bytes == tensor.bytes, true) << tensor.name;
      ++compared;
    }
    EXPECT_GE(compared, 14u);
  }
}

TEST(Staging, TheNetworkAtTheEndIsExportedBitForBit) {
  for (const auto& changes : {kTwoStage, kProgressive, kCyclic}) {
    const Recipe recipe = short_recipe(changes);
    const RunFolder folder = fresh_folder("staging_export");
    uninterrupted(recipe, folder);
    const auto data = open_recipe_data(recipe, {});
    ASSERT_TRUE(data);
    for (const auto& checkpoint : {folder.last(), folder.best()}) {
      const auto report = export_model(harness::test_context(), recipe, *data, checkpoint, folder.model());
      ASSERT_TRUE(report) << report.error().to_string();
      size_t packed = 0;
      for (const PackedLayerReport& layer : report->layers) packed += layer.form.starts_with("packed") ? 1 : 0;
      EXPECT_EQ(packed, 3u);
      const auto parity = prove_parity(harness::test_context(), recipe, *data, checkpoint, folder.model());
      ASSERT_TRUE(parity) << parity.error().to_string();
      EXPECT_TRUE(parity->is_exact());
    }
  }
}

TEST(Staging, SixteenBitsTrainButDoNotPack) {
  const Recipe recipe = short_recipe({"quantization.weight_bits=16", "quantization.activation_bits=16"});
  const RunFolder folder = fresh_folder("sixteen");
  uninterrupted(recipe, folder);
  const auto data = open_recipe_data(recipe, {});
  ASSERT_TRUE(data);
  const auto report = export_model(harness::test_context(), recipe, *data, folder.last(), folder.model());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().text,
            "layer conv2 has 16-bit weights and 16-bit activations, but packed models hold 1 to 8 bits; 16 bits only "
            "train, as a step towards fewer");
}

// The 1-bit networks of all cycles compete for the best checkpoint, and no other does.
TEST(Staging, MetricsAndTheBestKnowPhaseBitsAndCycle) {
  std::vector<std::string> changes = kCyclic;
  changes.insert(changes.end(), {"training.log_every=5", "cyclic.cycles=3"});
  const Recipe recipe = short_recipe(changes);
  const RunFolder folder = fresh_folder("staging_metrics");
  uninterrupted(recipe, folder);
  std::ifstream metrics(folder.metrics());
  std::set<std::string> starts;
  double best = -1;
  for (std::string line; std::getline(metrics, line);) {
    const std::string kind = "{\"kind\": \"epoch\", ";
    if (!line.starts_with(kind)) continue;
    const std::string start = line.substr(kind.size(), line.find(", \"epoch\"") - kind.size());
    starts.insert(start);
    const std::string key = "\"test_accuracy\": ";
    const double accuracy = std::stod(line.substr(line.find(key) + key.size()));
    if (start.find("\"weight_bits\": 1,") != std::string::npos) best = std::max(best, accuracy);
  }
  EXPECT_EQ(starts.size(), 9u);
  EXPECT_TRUE(starts.contains(R"("phase": "full precision", "weight_bits": 32, "activation_bits": 32)"));
  EXPECT_TRUE(starts.contains(R"("phase": "cycle 2, 2 bits", "cycle": 2, "weight_bits": 2, "activation_bits": 2)"));
  EXPECT_TRUE(starts.contains(R"("phase": "cycle 3, 1 bit", "cycle": 3, "weight_bits": 1, "activation_bits": 1)"));
  const auto checkpoint = load_checkpoint(folder.best());
  ASSERT_TRUE(checkpoint);
  EXPECT_NEAR(checkpoint->state.best_accuracy, best, 1e-6);
  EXPECT_EQ(recipe.phases.at(checkpoint->state.position.phase).quantization.weight_bits, 1u);
}

}  // namespace
}  // namespace lowtide::trainer
