// SPDX-License-Identifier: Apache-2.0
// A run that stops and goes on ends with the same bytes as one that does not; two equal runs too.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"

namespace lowtide::trainer {
namespace {

TEST(Resume, AfterHalfTheEpochsEqualsUninterrupted) {
  expect_resumed_equals(small_recipe(), "epochs", [](RunOptions& options) { options.stop_after_epochs = 2; });
}

TEST(Resume, AfterAnInterruptWithinAnEpochEqualsUninterrupted) {
  expect_resumed_equals(small_recipe({"optimizer.name=sgd", "optimizer.weight_decay=0.0005", "schedule.rate=0.05",
                                      "network.dropout=0.25", "data.crop_padding=2", "training.epochs=2"}),
                        "interrupt", [](RunOptions& options) {
                          // Asked before each step: the 23rd is in the middle of the second epoch.
                          options.should_stop = stop_at(23);
                        });
}

TEST(Resume, OfShiftWeightsEqualsUninterrupted) {
  expect_resumed_equals(
      small_recipe({"quantization.weight_bits=3", "quantization.weight_quantizer=sparse_shift", "optimizer.name=sgd",
                    "optimizer.weight_decay=0.0005", "schedule.rate=0.05", "training.epochs=2"}),
      "sparse_shift", [](RunOptions& options) { options.should_stop = stop_at(23); });
  // The interrupt comes while RAdam's average is still too short to be rectified.
  expect_resumed_equals(small_recipe({"quantization.weight_bits=4", "quantization.weight_quantizer=deepshift_ps",
                                      "optimizer.name=radam", "training.epochs=2"}),
                        "deepshift", [](RunOptions& options) { options.should_stop = stop_at(3); });
}

TEST(Resume, AcrossPhasesEqualsUninterrupted) {
  const char* kPhases = R"(
name = "phases"
[data]
batch = 20
train_limit = 200
test_limit = 50
[network]
name = "lenet5"
width = 0.5
[training]
epochs = 2
[[phase]]
name = "full"
[[phase]]
name = "low"
initialize_from = "previous"
[phase.quantization]
weight_bits = 2
activation_bits = 2
)";
  const auto recipe = parse_recipe(kPhases, "phases");
  ASSERT_TRUE(recipe) << recipe.error().to_string();
  expect_resumed_equals(*recipe, "phases", [](RunOptions& options) {
    options.should_stop = stop_at(27);  // the first phase asks 22 times
  });
}

// Choices of kernels that change the order of sums: the run keeps those that it began with, whatever it is given later.
TEST(Resume, KeepsTheTuningThatTheRunBeganWith) {
  const Recipe recipe = small_recipe({"training.epochs=2"});
  graph::Tuning tuning;
  for (const char* op : {"conv2d", "conv2d_backward_input", "conv2d_backward_weight", "linear_backward_weight"}) {
    tuning.by_op[op] = "naive";
  }
  const auto train = [&](const RunFolder& folder, const graph::Tuning& given, int stop, bool resume) {
    RunOptions options = small_run(recipe, folder);
    options.tuning = given;
    options.resume = resume;
    if (stop > 0) options.should_stop = stop_at(stop);
    const auto summary = run_training(harness::test_context(), options);
    ASSERT_TRUE(summary) << summary.error().to_string();
  };
  const RunFolder by_rules = fresh_folder("by_rules"), whole = fresh_folder("tuned"),
                  parts = fresh_folder("tuned_parts");
  train(by_rules, {}, 0, false);
  train(whole, tuning, 0, false);
  train(parts, tuning, 23, false);
  train(parts, {}, 0, true);
  EXPECT_FALSE(std::filesystem::exists(by_rules.tuning()));
  EXPECT_TRUE(std::filesystem::exists(parts.tuning()));
  EXPECT_EQ(file_bytes(parts.last()), file_bytes(whole.last()));
  // The choices did change bits; the rules of a driver that unrolls nothing are the naive kernels anyway.
  if (harness::test_context().caps().prefers_device_address) {
    EXPECT_NE(file_bytes(by_rules.last()), file_bytes(whole.last()));
  }
}

// Two phases of two epochs under one schedule, the second of which goes on where the first ended, are one phase of
// four.
TEST(Run, AContinuedPhaseEqualsOnePhase) {
  Recipe halves = small_recipe();
  halves.phases[0].training.epochs = 2;
  halves.phases[0].schedule.total_epochs = 4;
  halves.phases.push_back(halves.phases[0]);
  halves.phases[1].name = "rest";
  halves.phases[1].initialize_from = "continue";
  halves.phases[1].schedule.first_epoch = 2;
  const RunFolder two = fresh_folder("continued"), one = fresh_folder("at_once");
  uninterrupted(halves, two);
  uninterrupted(small_recipe(), one);
  const auto parts = load_checkpoint(two.last()), whole = load_checkpoint(one.last());
  ASSERT_TRUE(parts && whole);
  EXPECT_EQ(parts->state.position.step, whole->state.position.step);
  EXPECT_EQ(parts->state.best_accuracy, whole->state.best_accuracy);
  EXPECT_EQ(parts->state.best_epoch, whole->state.best_epoch);
  ASSERT_EQ(parts->tensors.size(), whole->tensors.size());
  for (size_t i = 0; i < whole->tensors.size(); ++i) {
    EXPECT_EQ(parts->tensors[i].bytes, whole->tensors[i].bytes) << whole->tensors[i].name;
  }
  expect_resumed_equals(halves, "continued", [](RunOptions& options) { options.should_stop = stop_at(40); });
}

// The best checkpoint is of the network that the recipe is after, though an earlier phase's was better.
TEST(Run, OnlyTargetPhasesCompeteForTheBest) {
  Recipe recipe = small_recipe({"training.epochs=2"});
  recipe.phases.insert(recipe.phases.begin(), recipe.phases[0]);
  recipe.phases[0].name = "full";
  recipe.phases[0].quantization.weight_bits = recipe.phases[0].quantization.activation_bits = kFloatBits;
  recipe.phases[1].initialize_from = "previous";
  EXPECT_FALSE(is_target(recipe, recipe.phases[0]));
  EXPECT_TRUE(is_target(recipe, recipe.phases[1]));
  const RunFolder folder = fresh_folder("target");
  uninterrupted(recipe, folder);
  const auto best = load_checkpoint(folder.best());
  ASSERT_TRUE(best) << best.error().to_string();
  EXPECT_EQ(best->state.position.phase, 1u);
  EXPECT_GT(best->state.best_epoch, 2u);
}

TEST(Determinism, TwoRunsWriteTheSameBytes) {
  const Recipe recipe = small_recipe({"training.epochs=2"});
  const RunFolder a = fresh_folder("same_a");
  const RunFolder b = fresh_folder("same_b");
  EXPECT_EQ(uninterrupted(recipe, a), uninterrupted(recipe, b));
  const RunFolder other = fresh_folder("other_seed");
  EXPECT_NE(uninterrupted(small_recipe({"training.epochs=2", "seed=12"}), other), file_bytes(a.last()));
}

TEST(Resume, RefusesWhatDoesNotFit) {
  const RunFolder folder = fresh_folder("refuse");
  uninterrupted(small_recipe({"training.epochs=1"}), folder);
  const auto again = run_training(harness::test_context(), small_run(small_recipe(), folder));
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().text.find("--resume"), std::string::npos) << again.error().text;
  RunOptions wider = small_run(small_recipe({"network.width=1"}), folder);
  wider.resume = true;
  const auto mismatch = run_training(harness::test_context(), wider);
  ASSERT_FALSE(mismatch);
  EXPECT_NE(mismatch.error().to_string().find("conv1.weight"), std::string::npos) << mismatch.error().to_string();
  RunOptions moments = small_run(small_recipe({"optimizer.name=sgd"}), folder);
  moments.resume = true;
  const auto optimizer = run_training(harness::test_context(), moments);
  ASSERT_FALSE(optimizer);
  EXPECT_NE(optimizer.error().to_string().find("moment1"), std::string::npos) << optimizer.error().to_string();
  RunOptions nothing = small_run(small_recipe(), fresh_folder("nothing"));
  nothing.resume = true;
  EXPECT_FALSE(run_training(harness::test_context(), nothing));
}

TEST(Run, LeavesTheWholeFolder) {
  const RunFolder folder = fresh_folder("folder");
  uninterrupted(small_recipe({"training.epochs=1"}), folder);
  const auto recipe = read_recipe(folder.recipe());
  ASSERT_TRUE(recipe) << recipe.error().to_string();
  EXPECT_EQ(*recipe, small_recipe({"training.epochs=1"}));
  std::ifstream metrics(folder.metrics());
  std::string line, kinds;
  while (std::getline(metrics, line)) {
    ASSERT_TRUE(line.starts_with("{\"kind\": \"") && line.ends_with("}")) << line;
    kinds += line[10];  // s(tep) or e(poch)
  }
  EXPECT_EQ(kinds, "ssse");
  EXPECT_TRUE(std::filesystem::exists(folder.log()));
}

}  // namespace
}  // namespace lowtide::trainer
