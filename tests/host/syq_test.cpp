// SPDX-License-Identifier: Apache-2.0
// SYQ by hand: levels around the threshold, factors by position, and the gradients that the paper's rule gives.
#include <gtest/gtest.h>

#include <array>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/dot/dot.hpp"
#include "engine/reference/interpreter.hpp"
#include "trainer/nets/syq_operands.hpp"

namespace lowtide::trainer {
namespace {

using Elements = std::vector<double>;

Elements elements_of(reference::Interpreter& interpreter, ValueId id) {
  const std::span<const double> elements = interpreter.elements(id);
  return {elements.begin(), elements.end()};
}

// Weights [1, 1, 2, 3]: two positions of three channels; the largest magnitude is 2, so 5 % of it is 0.1.
const Elements kWeights = {2.0, 0.125, -0.0625, 0.0625, -1.5, 0.0};
const Elements kFactors = {0.5, 3.0};

// The operand of a layer, and the gradients of sum(g * operand) with g = 1, 2, .. 6.
struct Syq {
  Elements value, dw, dfactor;
};

Syq train(uint32_t bits) {
  Phase phase;
  phase.quantization.weight_quantizer = WeightQuantizer::syq;
  graph::Graph graph;
  NetContext net(graph, NetMode::training, phase);
  const ValueId w = net.parameter("conv.weight", Shape{1, 1, 2, 3}, ParameterKind::weight, Initializer::zeros, bits);
  const LayerOperand operand = syq_weights(net, "conv", w, {.weight_bits = bits});
  const ValueId g = graph.input("g", f32_desc(Shape{1, 1, 2, 3}));
  const ValueId loss = ops::dot(graph, "loss", operand.value, g).value();
  const std::array<ValueId, 1> losses = {loss};
  const std::array<float, 1> one = {1.0f};
  EXPECT_TRUE(graph::differentiate(graph, losses, one, ops::autodiff_ops()));
  reference::Interpreter interpreter(graph);
  interpreter.set(w, kWeights);
  interpreter.set(graph.find("conv.tap_scale"), kFactors);
  interpreter.set(g, Elements{1, 2, 3, 4, 5, 6});
  EXPECT_TRUE(interpreter.evaluate());
  return {elements_of(interpreter, operand.value), elements_of(interpreter, graph.find("gradient/conv.weight")),
          elements_of(interpreter, graph.find("gradient/conv.tap_scale"))};
}

TEST(Syq, OneBitIsTheSignTimesTheFactorOfThePosition) {
  const Syq syq = train(1);
  EXPECT_EQ(syq.value, (Elements{0.5, 0.5, -0.5, 3, -3, 3}));
  EXPECT_EQ(syq.dw, (Elements{0.5, 1, 1.5, 12, 15, 18}));  // no window, though a weight is 2
  EXPECT_EQ(syq.dfactor, (Elements{1 + 2 - 3, 4 - 5 + 6}));
}

TEST(Syq, TwoBitsAreZeroUpToTheThreshold) {
  const Syq syq = train(2);
  EXPECT_EQ(syq.value, (Elements{0.5, 0.5, 0, 0, -3, 0}));
  EXPECT_EQ(syq.dw, (Elements{0.5, 1, 1.5, 12, 15, 18}));
  EXPECT_EQ(syq.dfactor, (Elements{1 + 2, -5}));
}

// Evaluation keeps the integers and hands the factors on.
TEST(Syq, EvaluationKeepsLevels) {
  Phase phase;
  graph::Graph graph;
  NetContext net(graph, NetMode::evaluation, phase);
  const ValueId w = net.parameter("conv.weight", Shape{1, 1, 2, 3}, ParameterKind::weight, Initializer::zeros, 2);
  const LayerOperand operand = syq_weights(net, "conv", w, {.weight_bits = 2});
  EXPECT_EQ(operand.tap_scale, graph.find("conv.tap_scale"));
  reference::Interpreter interpreter(graph);
  interpreter.set(w, kWeights);
  ASSERT_TRUE(interpreter.evaluate());
  EXPECT_EQ(elements_of(interpreter, operand.value), (Elements{1, 1, 0, 0, -1, 0}));
}

}  // namespace
}  // namespace lowtide::trainer
