// SPDX-License-Identifier: Apache-2.0
// Estimators by hand numbers: the blend at its ends, and each gradient rule as its paper prints it.
#include "engine/ops/estimate/estimate.hpp"

#include <gtest/gtest.h>

#include "engine/ops/quantize_threshold/quantize_threshold.hpp"
#include "engine/reference/interpreter.hpp"

namespace lowtide {
namespace {

using ops::EstimateOpParams;
using ops::EstimatorRule;

// One pass over x = -2, -0.5, 0, 0.5, 1 with levels of step 1/4 and dy of both signs.
struct Pass {
  std::vector<double> y, dx;
};

Pass pass(const EstimateOpParams& params, float alpha, const std::vector<double>& levels) {
  const std::vector<double> x = {-2, -0.5, 0, 0.5, 1}, dy = {1, 2, -4, -8, 16};
  graph::Graph g;
  const TensorDesc desc = f32_desc({1, 5});
  const ValueId x_id = g.input("x", desc), levels_id = g.input("levels", desc), dy_id = g.input("dy", desc);
  const auto y = ops::estimate(g, "estimate", x_id, levels_id, params);
  EXPECT_TRUE(y.has_value());
  const auto dx =
      append_one(g, ops::kEstimateBackwardInputOp, "backward", params, {x_id, levels_id, g.step_block(), dy_id});
  EXPECT_TRUE(dx.has_value());
  reference::Interpreter interpreter(g);
  shaders::StepBlock step = {};
  step.blend = alpha;
  interpreter.set_step(step);
  interpreter.set(x_id, x);
  interpreter.set(levels_id, levels);
  interpreter.set(dy_id, dy);
  EXPECT_TRUE(interpreter.evaluate().has_value());
  const auto copy = [&](ValueId id) {
    const auto elements = interpreter.elements(id);
    return std::vector<double>(elements.begin(), elements.end());
  };
  return {copy(*y), copy(*dx)};
}

const std::vector<double> kLevels = {-4, -2, 0, 2, 4};

TEST(Estimate, BlendsLevelsAndInput) {
  const EstimateOpParams params = {.rule = EstimatorRule::aqe_g2, .step = 0.25f};
  EXPECT_EQ(pass(params, 1, kLevels).y, kLevels);
  EXPECT_EQ(pass(params, 0, kLevels).y, (std::vector<double>{-8, -2, 0, 2, 4}));      // x / step
  EXPECT_EQ(pass(params, 0.25f, kLevels).y, (std::vector<double>{-7, -2, 0, 2, 4}));  // -4 / 4 - 8 * 3 / 4
  EXPECT_EQ(pass({.rule = EstimatorRule::bireal}, 0.25f, kLevels).y, kLevels);        // no blend
  EXPECT_EQ(pass({.rule = EstimatorRule::ewgs}, 0.25f, kLevels).y, kLevels);
}

// With step 1/4 each gradient has a factor 4; x = -2 is outside the window, x = 1 on it.
TEST(Estimate, AqeRulesByHand) {
  EstimateOpParams params = {.rule = EstimatorRule::aqe_g1, .step = 0.25f};
  EXPECT_EQ(pass(params, 0.75f, kLevels).dx, (std::vector<double>{0, 12, -24, -48, 96}));
  params.rule = EstimatorRule::aqe_g2;
  EXPECT_EQ(pass(params, 0.75f, kLevels).dx, (std::vector<double>{0, 8, -16, -32, 64}));
  params.rule = EstimatorRule::aqe_g3;
  EXPECT_EQ(pass(params, 0.75f, kLevels).dx, (std::vector<double>{0, 2, -4, -8, 16}));
  EXPECT_EQ(pass(params, 1, kLevels).dx, (std::vector<double>{0, 0, 0, 0, 0}));  // frozen at the end
  params.rule = EstimatorRule::aqe_g1;  // at 1/2 all of them meet the straight-through estimator
  EXPECT_EQ(pass(params, 0.5f, kLevels).dx, (std::vector<double>{0, 8, -16, -32, 64}));
}

TEST(Estimate, BiRealPolynomialByHand) {
  const std::vector<double> signs = {-1, -1, 1, 1, 1};
  EXPECT_EQ(pass({.rule = EstimatorRule::bireal}, 1, signs).dx, (std::vector<double>{0, 2, -8, -8, 0}));
  const auto surrogate = pass({.rule = EstimatorRule::bireal, .is_rounded = 0}, 1, signs).y;
  EXPECT_EQ(surrogate, (std::vector<double>{-1, -0.75, 0, 0.75, 1}));
}

// g (1 + s sign(g) (x - q)): with q = level * step = -1, -1, 0, 1, 0.5 the differences of the four inside are 1/2, 0,
// -1/2 and 1/2.
TEST(Estimate, EwgsByHand) {
  const std::vector<double> levels = {-2, -2, 0, 2, 1};
  const EstimateOpParams params = {.rule = EstimatorRule::ewgs, .step = 0.5f, .scaling = 0.5f};
  EXPECT_EQ(pass(params, 1, levels).dx, (std::vector<double>{0, 2 * 2 * 1.25, -8, -16 * 1.25, 32 * 1.25}));
  EXPECT_EQ(pass({.rule = EstimatorRule::ewgs, .step = 0.5f}, 1, levels).dx, (std::vector<double>{0, 4, -8, -16, 32}));
}

TEST(Estimate, RefusesWhatHasNoMeaning) {
  graph::Graph g;
  const ValueId x = g.input("x", f32_desc({2, 3})), levels = g.input("levels", f32_desc({3, 2}));
  EXPECT_FALSE(ops::estimate(g, "shapes", x, levels, {}).has_value());
  EXPECT_FALSE(ops::estimate(g, "step", x, x, {.step = 0}).has_value());
  EXPECT_FALSE(ops::estimate(g, "window", x, x, {.window = -1}).has_value());
  EXPECT_FALSE(ops::estimate(g, "scaling", x, x, {.scaling = -1}).has_value());
}

TEST(QuantizeThreshold, RefusesWhatDoesNotFit) {
  graph::Graph g;
  const ValueId x = g.input("x", f32_desc({2, 3})), three = g.input("three", f32_desc({3}));
  EXPECT_TRUE(ops::quantize_threshold(g, "fits", x, three, {.bits = 3}).has_value());
  EXPECT_FALSE(ops::quantize_threshold(g, "other_bits", x, three, {.bits = 2}).has_value());
  EXPECT_FALSE(ops::quantize_threshold(g, "one_bit", x, three, {.bits = 1}).has_value());
  EXPECT_FALSE(ops::quantize_threshold(g, "five_bits", x, three, {.bits = 5}).has_value());
  EXPECT_FALSE(ops::quantize_threshold(g, "window", x, three, {.bits = 3, .window = 0}).has_value());
  EXPECT_FALSE(ops::quantize_threshold(g, "scale", x, three, {.bits = 3}, three).has_value());
  EXPECT_FALSE(ops::threshold_values(g, "base", 3, {}, three).has_value());
  EXPECT_FALSE(ops::ternary_scale(g, "scale", x, three).has_value());
}

TEST(QuantizeThreshold, StepsMakeTheLargestLevelOne) {
  EXPECT_EQ(ops::threshold_step(2), 1.0f);
  EXPECT_EQ(ops::threshold_step(3), 0.25f);
  EXPECT_EQ(ops::threshold_step(4), 1.0f / 64);
}

// Li et al. 2016: the mean magnitude of 0.5, -1, 0.1 and 0 beyond 0.28 is 0.75; beyond 2 there is
// none.
TEST(QuantizeThreshold, TernaryScaleByHand) {
  graph::Graph g;
  const ValueId w = g.input("w", f32_desc({4})), t = g.input("t", f32_desc({1}));
  const auto scale = ops::ternary_scale(g, "scale", w, t);
  ASSERT_TRUE(scale.has_value());
  reference::Interpreter interpreter(g);
  interpreter.set(w, std::vector<double>{0.5, -1, 0.1, 0});
  interpreter.set(t, std::vector<double>{0.28});
  ASSERT_TRUE(interpreter.evaluate().has_value());
  EXPECT_EQ(interpreter.elements(*scale)[0], 0.75);
  interpreter.set(t, std::vector<double>{2});
  ASSERT_TRUE(interpreter.evaluate().has_value());
  EXPECT_EQ(interpreter.elements(*scale)[0], 0);
}

}  // namespace
}  // namespace lowtide
