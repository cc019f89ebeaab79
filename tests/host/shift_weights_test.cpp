// SPDX-License-Identifier: Apache-2.0
// The weights of shift networks by hand: every pattern of S3's latents, the exponents of DeepShift, gradients,
// penalties, and shapes that do not fit.
#include "engine/quant/shift_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>

#include "engine/base/rng.hpp"
#include "engine/ops/deepshift/deepshift.hpp"
#include "engine/ops/sparse_shift/sparse_shift.hpp"
#include "engine/reference/interpreter.hpp"
#include "tests/harness/case_graph.hpp"

namespace lowtide {
namespace {

using Elements = std::vector<double>;

// What the reference makes of one op's inputs.
template <class Params>
Elements evaluate(const graph::OpInfo& op, const Params& params, const std::vector<std::pair<Shape, Elements>>& inputs,
                  bool has_step = false) {
  graph::Graph graph;
  std::vector<ValueId> ids;
  for (const auto& [shape, elements] : inputs) {
    ids.push_back(graph.input("x" + std::to_string(ids.size()), f32_desc(shape)));
  }
  if (has_step) ids.push_back(graph.step_block());
  const auto out = append_one(graph, op, "op", params, ids);
  EXPECT_TRUE(out.has_value()) << out.error().to_string();
  if (!out) return {};
  reference::Interpreter interpreter(graph);
  shaders::StepBlock step = {};
  step.loss_scale = 2;
  interpreter.set_step(step);
  for (size_t i = 0; i < inputs.size(); ++i) interpreter.set(ids[i], inputs[i].second);
  EXPECT_TRUE(interpreter.evaluate().has_value());
  return harness::elements_of(interpreter, *out);
}

void expect_near(const Elements& found, const Elements& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << "element " << i;
}

// 3 bits as the published code has them, p = H(shift_2) (H(shift_1) + 1); latents below, at and above zero.
TEST(SparseShift, HasThePublishedThreeBitLevels) {
  for (const double sign : {-0.1, 0.0, 0.2}) {
    for (const double sparse : {-2.0, 0.0, 1e-30}) {
      for (const double shift1 : {-0.5, 0.0, 0.5}) {
        for (const double shift2 : {-0.5, 0.0, 0.5}) {
          const double p = shift2 > 0 ? (shift1 > 0 ? 2 : 1) : 0;
          const double level = sparse > 0 ? (sign < 0 ? -1 : 1) * std::exp2(p) : 0;
          const ops::SparseShiftOpParams params = {.bits = 3};
          EXPECT_EQ(evaluate(ops::kSparseShiftOp, params, {{{4}, {sign, sparse, shift1, shift2}}})[0], level);
        }
      }
    }
  }
}

// Of more shift latents, the ones that are on without a gap up to the last count.
TEST(SparseShift, FourBitsCountTheRunOfShiftsThatAreOn) {
  std::set<double> levels;
  for (uint32_t pattern = 0; pattern < 256; ++pattern) {
    Elements latents;
    for (uint32_t l = 0; l < 8; ++l) latents.push_back((pattern >> l & 1) != 0 ? 0.25 : -0.25);
    int run = 0;
    for (uint32_t l = 7; l >= 2 && latents[l] > 0; --l) ++run;
    const double level = latents[1] > 0 ? (latents[0] < 0 ? -1 : 1) * std::exp2(run) : 0;
    const ops::SparseShiftOpParams params = {.bits = 4};
    EXPECT_EQ(evaluate(ops::kSparseShiftOp, params, {{{8}, latents}})[0], level) << pattern;
    levels.insert(level);
  }
  EXPECT_EQ(levels, (std::set<double>{-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64}));
}

// Three weights: 4, 0 with a negative sparse latent, and -1 behind a shift that is cut off.
TEST(SparseShift, GradientsByHand) {
  const Elements latents = {0.3, 0.1, -2, 0.2, -0.5, 1, 0.5, 0.5, 0.5, 0.1, -0.1, -0.3};
  const ops::SparseShiftOpParams params = {.bits = 3, .dense_regularizer = 0.25f};
  const double ln2 = std::numbers::ln2;
  expect_near(evaluate(ops::kSparseShiftBackwardInputOp, params, {{{12}, latents}, {{3}, {0.5, 3, 2}}}, true),
              {0.5 * 4, 0, 2,                             // g H(sparse) 2^p
               0.5 * 4, 3 - 0.5, -2,                      // g sg(sign) 2^p, less the regulariser times the loss scale
               0.5 * 4 * ln2, 0, 0,                       // dp_1, which shift_2 lets through or not
               0.5 * 4 * ln2 * 2, 0, 2 * -1 * ln2 * 2});  // dp_2 (1 + p_1)
}

TEST(DeepShift, ExponentsAreThoseNearestInTheLogarithm) {
  Rng rng(3, 1);
  for (int i = 0; i < 20000; ++i) {
    const float x = std::exp2(rng.uniform(-30.0f, 6.0f));
    const long double exact = std::log2(static_cast<long double>(x));
    EXPECT_EQ(quant::nearest_exponent(x), static_cast<int>(std::nearbyint(exact))) << x;
    EXPECT_EQ(quant::nearest_exponent(-x), quant::nearest_exponent(x));
  }
  // The two floats around sqrt(2), which no float is.
  EXPECT_EQ(quant::nearest_exponent(0x1.6a09e6p0f), 0);
  EXPECT_EQ(quant::nearest_exponent(0x1.6a09e8p0f), 1);
}

TEST(DeepShift, QLevelsByHand) {
  const uint32_t range = quant::deepshift_q_range(3);
  EXPECT_EQ(range, 3u);
  EXPECT_EQ(quant::deepshift_step(range), 0.125f);
  const std::pair<float, float> rows[] = {{1, 8},     {-5, -8},   {0.75f, 8},   {0.7f, 4}, {-0.36f, -4}, {0.3f, 2},
                                          {0.12f, 1}, {1e-6f, 1}, {-1e-6f, -1}, {0, 1},    {-0.0f, 1.0f}};
  for (const auto& [x, level] : rows) EXPECT_EQ(quant::deepshift_q_level(x, range), level) << x;
}

TEST(DeepShift, PsLevelsByHand) {
  const uint32_t range = quant::deepshift_ps_range(4);
  EXPECT_EQ(range, 6u);
  EXPECT_EQ(quant::deepshift_ps_level(-1.4f, 0.6f, range), 32);
  EXPECT_EQ(quant::deepshift_ps_level(-2.5f, -0.6f, range), -16);  // half to even: -2
  EXPECT_EQ(quant::deepshift_ps_level(-3.5f, 9, range), 4);        // -4
  EXPECT_EQ(quant::deepshift_ps_level(3, 1, range), 64);
  EXPECT_EQ(quant::deepshift_ps_level(-99, -1, range), -1);
  for (const float sign : {0.5f, -0.5f, 0.0f}) EXPECT_EQ(quant::deepshift_ps_level(-1, sign, range), 0);
  EXPECT_EQ(quant::deepshift_ps_level(-3, 1, quant::deepshift_ps_range(2)), 1);  // two bits are ternary
}

// Four weights of 3 bits (step 1/4): within the range; at its ends, pushed out and pushed back.
TEST(DeepShift, PsGradientsByHand) {
  const Elements latents = {-1, -2, -2, 0, 0.7, 0.7, 0.7, 0.7};
  const double ln2 = std::numbers::ln2;
  expect_near(evaluate(ops::kDeepshiftPsBackwardInputOp, ops::DeepshiftPsOpParams{.bits = 3},
                       {{{8}, latents}, {{4}, {0.5, 1, -1, -1}}}, true),
              {0.5 * 2 * ln2, 0, -1 * ln2, 0,  // an update against a positive gradient makes a shift smaller
               2, 4, -4, -4});
  expect_near(evaluate(ops::kDeepshiftPsBackwardInputOp, ops::DeepshiftPsOpParams{.bits = 3, .penalty = 0.1f},
                       {{{2}, {-1, 0.2}}, {{1}, {7}}}, true),
              {2 * 0.1 * ln2 * 0.25, 28});  // a zero weight feels the penalty alone, times the loss scale
}

TEST(ShiftWeights, RefusesWhatDoesNotFit) {
  graph::Graph graph;
  const ValueId x = graph.input("x", f32_desc({6, 5}));
  const auto odd = ops::sparse_shift(graph, "w", x, 3, 0);
  ASSERT_FALSE(odd);
  EXPECT_NE(odd.error().to_string().find("4 tensors stacked along the first axis"), std::string::npos);
  const auto many = ops::sparse_shift(graph, "w", x, 5, 0);
  ASSERT_FALSE(many);
  EXPECT_NE(many.error().to_string().find("S3 weights have 2 to 4"), std::string::npos);
  const auto q = ops::deepshift_q(graph, "w", x, 6);
  ASSERT_FALSE(q);
  EXPECT_NE(q.error().to_string().find("DeepShift weights have 2 to 5"), std::string::npos);
  EXPECT_FALSE(ops::deepshift_ps(graph, "w", graph.input("y", f32_desc({3, 5})), 3, 0));
}

}  // namespace
}  // namespace lowtide
