// SPDX-License-Identifier: Apache-2.0
// Whole runs in which losses or gradients are not finite, under each policy. Two kinds of run: a rate so high that the
// first updates ruin the network for good, and a network of which some batches make the gradient overflow and others
// do not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint64_t kSteps = 15;  // of an epoch of small_recipe

Recipe ruined(const std::string& policy, int epochs) {
  return small_recipe({"optimizer.name=sgd", "schedule.name=constant", "schedule.rate=1000", "training.loss=mse",
                       "quantization.weight_bits=fp32", "quantization.activation_bits=fp32", "training.log_every=1",
                       "training.nan_policy=" + policy, "training.epochs=" + std::to_string(epochs)});
}

void set_element(Checkpoint& checkpoint, std::string_view name, size_t index, float value) {
  for (NamedTensor& tensor : checkpoint.tensors) {
    if (tensor.name == name) std::memcpy(tensor.bytes.data() + index * sizeof(float), &value, sizeof(float));
  }
}

// A checkpoint whose classifier multiplies hidden unit 0 by 1e25. The unit's shift is -2 deviations, so that few images
// reach it: a batch with such an image, unless it is of class 0, has a gradient whose square overflows; any other batch
// trains as if the unit were not there.
std::filesystem::path make_delicate(const std::string& name) {
  const RunFolder folder = fresh_folder(name);
  uninterrupted(small_recipe({"training.epochs=1"}), folder);
  auto checkpoint = load_checkpoint(folder.last());
  EXPECT_TRUE(checkpoint) << checkpoint.error().to_string();
  set_element(*checkpoint, "fc2.gamma", 0, 1.0f);
  set_element(*checkpoint, "fc2.beta", 0, -2.0f);
  set_element(*checkpoint, "fc3.weight", 0, 1e25f);
  EXPECT_TRUE(save_checkpoint(folder.last(), *checkpoint));
  return folder.last();
}

Recipe delicate(const std::string& policy, const std::filesystem::path& start) {
  Recipe recipe = small_recipe({"training.nan_policy=" + policy, "training.epochs=2", "training.log_every=1",
                                "schedule.name=constant", "training.nan_rate_factor=0.75"});
  recipe.phases[0].initialize_from = start.string();
  return recipe;
}

// Metrics have seven digits.
void expect_shown(double shown, double expected) {
  EXPECT_NEAR(shown, expected, 1e-6 * expected);
}

// What a run on a delicate network wrote: every step is either a finite one or said to be none, and some are each.
void expect_some_skipped(const RunFolder& folder, double factor) {
  const auto skipped = metric_lines(folder, "not_finite");
  const auto steps = metric_lines(folder, "step");
  EXPECT_EQ(skipped.size() + steps.size(), 2 * kSteps);
  ASSERT_FALSE(skipped.empty());
  ASSERT_FALSE(steps.empty());
  EXPECT_LT(skipped.front().at("step"), steps.back().at("step")) << "nothing was learnt after a skipped step";
  double expected = 1;
  for (const nlohmann::json& line : skipped) expect_shown(line.at("rate_factor"), expected *= factor);
  for (const nlohmann::json& step : steps) {
    const auto before = std::count_if(skipped.begin(), skipped.end(),
                                      [&](const nlohmann::json& line) { return line.at("step") < step.at("step"); });
    expect_shown(step.at("rate"), 0.003 * std::pow(factor, static_cast<double>(before)));
    EXPECT_TRUE(step.at("loss").is_number() && step.at("gradient_norm").is_number()) << step;
  }
  const auto checkpoint = load_checkpoint(folder.last());
  ASSERT_TRUE(checkpoint) << checkpoint.error().to_string();
  EXPECT_DOUBLE_EQ(checkpoint->state.rate_factor, std::pow(factor, static_cast<double>(skipped.size())));
}

TEST(NanPolicy, StopEndsTheRunAndNamesTheWaysOut) {
  const RunFolder folder = fresh_folder("nan_stop");
  const auto summary = run_training(harness::test_context(), small_run(ruined("stop", 1), folder));
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::numeric);
  const std::string step = "step " + std::to_string(metric_lines(folder, "step").size()) + " ";
  for (const std::string& way :
       {step, std::string("schedule.rate"), std::string("gradient_clip_norm"), std::string("nan_policy")}) {
    EXPECT_NE(summary.error().text.find(way), std::string::npos) << summary.error().text;
  }
}

TEST(NanPolicy, SkipKeepsTheParametersOfTheLastFiniteStep) {
  const RunFolder folder = fresh_folder("nan_skip_ruined");
  const auto summary = run_training(harness::test_context(), small_run(ruined("skip", 1), folder));
  ASSERT_TRUE(summary) << summary.error().to_string();
  const auto skipped = metric_lines(folder, "not_finite");
  const size_t finite = metric_lines(folder, "step").size();
  ASSERT_FALSE(skipped.empty());
  ASSERT_EQ(finite + skipped.size(), kSteps);
  EXPECT_EQ(skipped.front().at("step"), finite);  // numbers from 0; none is finite after the first that is not
  EXPECT_EQ(skipped.back().at("rate_factor"), 1.0);
  EXPECT_EQ(metric_lines(folder, "epoch").size(), 1u);

  RunOptions until_then = small_run(ruined("skip", 1), fresh_folder("nan_skip_until"));
  until_then.should_stop = stop_at(static_cast<int>(finite));
  ASSERT_TRUE(run_training(harness::test_context(), until_then));
  const auto at_first = load_checkpoint(until_then.folder.last());
  const auto at_end = load_checkpoint(folder.last());
  ASSERT_TRUE(at_first && at_end);
  EXPECT_EQ(at_first->state.position.step, finite);
  for (const NamedTensor& tensor : at_end->tensors) {
    EXPECT_TRUE(tensor.bytes == at_first->find(tensor.name)->bytes) << tensor.name;
  }
}

TEST(NanPolicy, AnEpochWithoutAFiniteStepIsAnError) {
  const RunFolder folder = fresh_folder("nan_lower_ruined");
  const auto summary = run_training(harness::test_context(), small_run(ruined("lower_rate", 2), folder));
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::numeric);
  EXPECT_NE(summary.error().text.find("no step of epoch 2"), std::string::npos) << summary.error().text;
  const auto skipped = metric_lines(folder, "not_finite");
  ASSERT_GT(skipped.size(), kSteps);
  expect_shown(skipped.back().at("rate_factor"), std::pow(0.5, static_cast<double>(skipped.size())));
}

TEST(NanPolicy, SkipTrainsOnTheOtherBatchesAndResumes) {
  const Recipe recipe = delicate("skip", make_delicate("nan_skip_start"));
  const RunFolder folder = fresh_folder("nan_skip");
  uninterrupted(recipe, folder);
  expect_some_skipped(folder, 1);
  expect_resumed_equals(recipe, "nan_skip", [](RunOptions& options) { options.should_stop = stop_at(9); });
}

TEST(NanPolicy, LowerRateLowersItOnceForEachStepAndResumes) {
  const Recipe recipe = delicate("lower_rate", make_delicate("nan_lower_start"));
  const RunFolder folder = fresh_folder("nan_lower");
  uninterrupted(recipe, folder);
  expect_some_skipped(folder, 0.75);
  expect_resumed_equals(recipe, "nan_lower", [](RunOptions& options) { options.should_stop = stop_at(23); });
}

}  // namespace
}  // namespace lowtide::trainer
