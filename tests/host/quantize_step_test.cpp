// SPDX-License-Identifier: Apache-2.0
// The learned step's gradients against numbers computed by hand from the papers' equations.
#include "engine/ops/quantize_step/quantize_step.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/dot/dot.hpp"
#include "engine/quant/quantizer.hpp"
#include "engine/reference/interpreter.hpp"

namespace lowtide {
namespace {

using Elements = std::vector<double>;

struct Evaluated {
  Elements levels, dx;
  double dparameter = 0;
};

// dlevels: of the levels; `parameter` with that factor is the step.
Evaluated evaluate(const ops::QuantizeStepOpParams& params, double parameter, float factor, const Elements& x,
                   const Elements& dlevels) {
  graph::Graph g;
  const Shape shape = {static_cast<uint32_t>(x.size())};
  const ValueId xs = g.input("x", f32_desc(shape)), s = g.input("s", f32_desc({})), c = g.input("c", f32_desc(shape));
  const auto step = ops::learned_step(g, "step", s, factor);
  const auto levels = ops::quantize_step(g, "quantize", xs, *step, params);
  const auto loss = ops::dot(g, "loss", *levels, c);
  const std::array losses = {*loss};
  const std::array wanted = {xs, s};
  const std::array weights = {1.0f};
  const auto gradients = graph::differentiate(g, losses, weights, ops::autodiff_ops(), wanted);
  EXPECT_TRUE(gradients.has_value());
  reference::Interpreter interpreter(g);
  interpreter.set(xs, x);
  interpreter.set(s, Elements{parameter});
  interpreter.set(c, dlevels);
  EXPECT_TRUE(interpreter.evaluate().has_value());
  const auto elements = [&](ValueId id) {
    const auto span = interpreter.elements(id);
    return Elements(span.begin(), span.end());
  };
  return {elements(*levels), elements((*gradients)[0]), elements((*gradients)[1])[0]};
}

void expect_near(const Elements& found, const Elements& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

// Two bits, s = 1/2, QN = 0, QP = 3: v / s = -1, 0.4, 1.2, 2.5, 4. Equation 3: 0, -0.4 + 0, -1.2 + 1, -2.5 + 2, 3.
TEST(LearnedStep, LsqActivationsByHand) {
  const Elements real = {0.5, 1, -2, 0.25, 3};  // dL / d(real value)
  Elements dlevels;
  for (const double d : real) dlevels.push_back(0.5 * d);
  const Evaluated e = evaluate({.bits = 2, .gradient_scale = 0.25f}, 0.5, 1.0f, {-0.5, 0.2, 0.6, 1.25, 2}, dlevels);
  expect_near(e.levels, {0, 0, 1, 2, 3});
  expect_near(e.dx, {0, 1, -2, 0.25, 0});
  EXPECT_NEAR(e.dparameter, 0.25 * (1 * -0.4 + -2 * -0.2 + 0.25 * -0.5 + 3 * 3), 1e-6);
}

// Three bits, s = 1/4, QN = 4, QP = 3: v / s = -6, -3.4, -0.2, 2.6, 9. Equation 3: -4, 0.4, 0.2, 0.4, 3.
TEST(LearnedStep, LsqWeightsByHand) {
  const Elements real = {1, -1, 2, 4, -0.5};
  Elements dlevels;
  for (const double d : real) dlevels.push_back(0.25 * d);
  const Evaluated e = evaluate({.levels = ops::StepLevels::signed_levels, .bits = 3}, 0.25, 1.0f,
                               {-1.5, -0.85, -0.05, 0.65, 2.25}, dlevels);
  expect_near(e.levels, {-4, -3, 0, 3, 3});
  expect_near(e.dx, {0, -1, 2, 4, 0});
  EXPECT_NEAR(e.dparameter, 1 * -4 + -1 * 0.4 + 2 * 0.2 + 4 * 0.4 + -0.5 * 3, 1e-6);
}

// Uniform weights of two bits, step 1/2, so a = 3/4 and real values -3/4, -1/4, 1/4, 3/4. w = -1, -0.6, 0.1, 0.3: the
// real value over the step less w over the step where w is inside, -1.5 outside: -1.5, -1.5 + 1.2, 0.5 - 0.2,
// 0.5 - 0.6.
TEST(LearnedStep, UniformWeightsByHand) {
  const Elements real = {2, 1, -1, 3};
  Elements dlevels;
  for (const double d : real) dlevels.push_back(0.25 * d);
  const Evaluated e =
      evaluate({.levels = ops::StepLevels::odd_levels, .bits = 2}, 0.5, 1.0f, {-1, -0.6, 0.1, 0.3}, dlevels);
  expect_near(e.levels, {-3, -3, 1, 1});
  expect_near(e.dx, {0, 1, -1, 3});
  EXPECT_NEAR(e.dparameter, 2 * -1.5 + 1 * -0.3 + -1 * 0.3 + 3 * -0.1, 1e-6);
}

// One bit of both families: the signs; zero is +1 for LSQ and, rounding a tie to even, the lower level of the uniform
// quantiser.
TEST(LearnedStep, OneBitIsTheSign) {
  const Elements x = {-0.1, 0, 0.1}, ones = {1, 1, 1};
  expect_near(evaluate({.levels = ops::StepLevels::signs}, 0.5, 1.0f, x, ones).levels, {-1, 1, 1});
  expect_near(evaluate({.levels = ops::StepLevels::odd_levels}, 0.5, 1.0f, x, ones).levels, {-1, -1, 1});
}

// Two bits, alpha = 1.5, so the step is 1/2. Equation 3: alpha gets the gradient of what lies at or above it.
TEST(LearnedStep, PactByHand) {
  const Elements real = {0.5, 1, -2, 0.25, 3};
  Elements dlevels;
  for (const double d : real) dlevels.push_back(0.5 * d);
  const Evaluated e =
      evaluate({.bits = 2, .rule = ops::StepRule::pact}, 1.5, quant::level_step(2), {-0.5, 0.2, 0.6, 1.75, 2}, dlevels);
  expect_near(e.levels, {0, 0, 1, 3, 3});
  expect_near(e.dx, {0, 1, -2, 0, 0});
  EXPECT_NEAR(e.dparameter, 0.25 + 3, 1e-6);
}

TEST(LearnedStep, BadLevelsAreSentences) {
  graph::Graph g;
  const ValueId x = g.input("x", f32_desc({4})), s = g.input("s", f32_desc({}));
  const auto step = ops::learned_step(g, "step", s);
  ASSERT_TRUE(step.has_value());
  const auto error = [&](const ops::QuantizeStepOpParams& params) {
    const auto made = ops::quantize_step(g, "layer/w", x, *step, params);
    return made ? std::string() : made.error().text;
  };
  using ops::StepLevels;
  EXPECT_NE(error({.levels = StepLevels::signed_levels, .bits = 1}).find("1 bits, but its levels have 2 to 8"),
            std::string::npos);
  EXPECT_NE(error({.levels = StepLevels::signs, .bits = 2}).find("1 to 1"), std::string::npos);
  EXPECT_NE(error({.levels = StepLevels::unsigned_levels, .bits = 9}).find("1 to 8"), std::string::npos);
  EXPECT_NE(error({.levels = StepLevels::odd_levels, .bits = 2, .rule = ops::StepRule::pact}).find("unsigned"),
            std::string::npos);
  EXPECT_NE(error({.gradient_scale = INFINITY}).find("finite"), std::string::npos);
}

}  // namespace
}  // namespace lowtide
