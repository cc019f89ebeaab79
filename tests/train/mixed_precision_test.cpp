// SPDX-License-Identifier: Apache-2.0
// Mixed precision trains as f32 does: nearly, where the device rounds factors to f16; bit for bit, where it does not,
// since a loss scale that is a power of two drops out exactly. Evaluation is f32 either way.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/ops/conv2d/lower_matrix.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"

namespace lowtide::trainer {
namespace {

struct Steps {
  std::vector<double> losses, norms, loss_scales;  // loss_scales: of dynamic ones
  size_t overflows = 0;
};

Steps steps_of(const std::string& name, const std::vector<std::string>& changes) {
  std::vector<std::string> all = {"network.width=2", "training.epochs=2", "training.log_every=1"};
  all.insert(all.end(), changes.begin(), changes.end());
  const RunFolder folder = fresh_folder(name);
  const auto result = run_training(harness::test_context(), small_run(small_recipe(all), folder));
  EXPECT_TRUE(result) << result.error().to_string();
  Steps steps;
  for (const nlohmann::json& line : metric_lines(folder, "step")) {
    steps.losses.push_back(line.at("loss"));
    steps.norms.push_back(line.at("gradient_norm"));
    if (line.contains("loss_scale")) steps.loss_scales.push_back(line.at("loss_scale"));
  }
  steps.overflows = metric_lines(folder, "overflow").size();
  return steps;
}

TEST(MixedPrecision, StepsFollowThoseOfF32) {
  for (const std::vector<std::string>& bits :
       {std::vector<std::string>{}, {"quantization.weight_bits=fp32", "quantization.activation_bits=fp32"}}) {
    std::vector<std::string> mixed = bits;
    mixed.push_back("training.precision=mixed");
    mixed.push_back("training.loss_scale=1024");  // no gradient of these steps overflows f16 there
    const Steps wanted = steps_of("fp32", bits), found = steps_of("mixed", mixed);
    ASSERT_EQ(found.losses.size(), wanted.losses.size());
    ASSERT_GE(found.losses.size(), 20u);
    const bool rounds = ops::multiplies_matrices(harness::test_context().caps());
    EXPECT_EQ(found.losses != wanted.losses, rounds);
    // Later steps are apart by more than rounding: Adam's first updates are signs, and one flips with the smallest
    // error.
    EXPECT_NEAR(found.losses[0], wanted.losses[0], rounds ? 0.01 * wanted.losses[0] : 0.0);
    EXPECT_NEAR(found.norms[0], wanted.norms[0], rounds ? 0.02 * wanted.norms[0] : 0.0);
    EXPECT_LT(found.losses.back(), 0.8 * found.losses.front());
  }
}

TEST(DynamicLossScale, DoublesAndDropsOutOfEveryStep) {
  const Steps fixed = steps_of("scale_fixed", {});
  const Steps dynamic = steps_of(
      "scale_dynamic", {"training.loss_scaling=dynamic", "training.loss_scale=4", "training.loss_scale_interval=3"});
  EXPECT_TRUE(fixed.loss_scales.empty());
  EXPECT_EQ(dynamic.losses, fixed.losses);
  EXPECT_EQ(dynamic.norms, fixed.norms);
  ASSERT_EQ(dynamic.loss_scales.size(), fixed.losses.size());
  for (size_t i = 0; i < dynamic.loss_scales.size(); ++i) {
    EXPECT_EQ(dynamic.loss_scales[i], std::exp2(2 + static_cast<double>(i / 3))) << i;
  }
}

TEST(DynamicLossScale, ResumesInTheMiddle) {
  expect_resumed_equals(
      small_recipe({"training.loss_scaling=dynamic", "training.loss_scale=4", "training.loss_scale_interval=4"}),
      "scale_resume", [](RunOptions& options) { options.should_stop = stop_at(22); });
}

// Gradients times 2^24 do not fit f16: the steps are left out until the scale is small enough.
TEST(MixedPrecision, OverflowsHalveTheScaleAndTrainingGoesOn) {
  const Steps steps = steps_of("scale_overflow", {"training.precision=mixed", "training.loss_scale=16777216"});
  if (!ops::multiplies_matrices(harness::test_context().caps())) {
    EXPECT_EQ(steps.overflows, 0u);
    return;
  }
  ASSERT_GT(steps.overflows, 0u);
  ASSERT_GE(steps.losses.size(), 10u);
  EXPECT_EQ(steps.loss_scales.front(), std::exp2(24 - static_cast<double>(steps.overflows)));
  EXPECT_LT(steps.losses.back(), 0.9 * steps.losses.front());
}

}  // namespace
}  // namespace lowtide::trainer
