// SPDX-License-Identifier: Apache-2.0
// Joined values and groups: where parts lie, which dispatches conflict, what a group does to hand numbers, and what
// stays in no group.
#include "engine/ops/group.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/graph/autodiff.hpp"
#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/batch_norm/running_group.hpp"
#include "engine/ops/copy/copy.hpp"
#include "engine/ops/dot/dot.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize/weight_group.hpp"
#include "engine/ops/relu/relu.hpp"
#include "engine/plan/plan.hpp"
#include "engine/reference/interpreter.hpp"

namespace lowtide {
namespace {

using graph::Graph;
using graph::Role;

size_t count(const Graph& graph, const graph::OpInfo& op) {
  size_t found = 0;
  for (const graph::Node& node : graph.nodes()) found += node.op == &op ? 1 : 0;
  return found;
}

// Two norms whose statistics are copies of inputs.
struct Norms {
  Graph graph;
  std::vector<ValueId> running, statistics;

  explicit Norms(std::vector<uint32_t> channels) {
    for (const uint32_t c : channels) {
      const TensorDesc desc = f32_desc(Shape{c});
      const std::string name = std::to_string(statistics.size());
      const ValueId mean = graph.state("mean" + name, desc), variance = graph.state("variance" + name, desc);
      ops::BatchNormed batch;
      batch.mean = *ops::copy(graph, "copy", graph.input("batch_mean" + name, desc));
      batch.variance = *ops::copy(graph, "copy", graph.input("batch_variance" + name, desc));
      running.insert(running.end(), {mean, variance});
      statistics.insert(statistics.end(), {batch.mean, batch.variance});
    }
    for (size_t i = 0; i < running.size(); i += 2) {
      EXPECT_TRUE(ops::batch_norm_running(
          graph, "running", {.gamma = {}, .beta = {}, .running_mean = running[i], .running_variance = running[i + 1]},
          {.y = {}, .mean = statistics[i], .variance = statistics[i + 1]}, {.momentum = 0.25f}));
    }
  }
};

TEST(Group, PartsLieApartInOneValueAndDoNotConflict) {
  Norms norms({3, 100});
  ASSERT_TRUE(ops::group_running(norms.graph));
  ASSERT_EQ(count(norms.graph, ops::kBatchNormRunningGroupOp), 1u);
  ASSERT_EQ(count(norms.graph, ops::kBatchNormRunningOp), 0u);
  const ValueId joined = norms.graph.storage_of(norms.statistics[0]);
  const std::vector<uint64_t> offsets = {0, 64, 128, 256};
  for (size_t i = 0; i < offsets.size(); ++i) {
    EXPECT_EQ(norms.graph.storage_of(norms.statistics[i]), joined);
    EXPECT_EQ(norms.graph.offset_in_storage(norms.statistics[i]), offsets[i]);
  }
  EXPECT_EQ(norms.graph.desc(joined), f32_desc(Shape{356}));
  const auto program = plan::make_program(norms.graph, {.caps = floor_caps()});
  ASSERT_TRUE(program) << program.error().to_string();
  const plan::Placement whole = program->placement(joined);
  for (size_t i = 0; i < offsets.size(); ++i) {
    const plan::Placement part = program->placement(norms.statistics[i]);
    EXPECT_EQ(part.arena, whole.arena);
    EXPECT_EQ(part.offset, whole.offset + 4 * offsets[i]);
    EXPECT_EQ(part.bytes, norms.graph.desc(norms.statistics[i]).bytes());
  }
  // Four copies into four parts, side by side; then what reads the whole.
  ASSERT_EQ(program->dispatches.size(), 5u);
  EXPECT_EQ(program->barriers, std::vector<uint32_t>{4});
  for (const ValueId id : norms.running) {
    EXPECT_EQ(program->placement(id).offset, 4 * graph::state_offset(norms.graph, id));
  }
  ASSERT_EQ(program->tables.size(), 1u);
  const std::vector<uint32_t> rows = {3, 0, 64, 0, 64, 100, 128, 256, 128, 256};
  EXPECT_EQ(program->tables[0].words, rows);
  EXPECT_EQ(program->placement(program->tables[0].id).arena, plan::Arena::constant);
}

TEST(Group, OneNormStaysAlone) {
  Norms norms({5});
  ASSERT_TRUE(ops::group_running(norms.graph));
  EXPECT_EQ(count(norms.graph, ops::kBatchNormRunningOp), 1u);
}

TEST(Group, RunningValuesByHand) {
  Norms norms({2, 1});
  ASSERT_TRUE(ops::group_running(norms.graph));
  reference::Interpreter interpreter(norms.graph);
  interpreter.set(norms.graph.find("batch_mean0"), std::vector<double>{4, -8});
  interpreter.set(norms.graph.find("batch_variance0"), std::vector<double>{2, INFINITY});
  interpreter.set(norms.graph.find("batch_mean2"), std::vector<double>{1});
  interpreter.set(norms.graph.find("batch_variance2"), std::vector<double>{16});
  for (const ValueId id : norms.running) {
    const std::vector<double> ones(norms.graph.desc(id).element_count(), 1.0);
    interpreter.set(id, ones);
  }
  ASSERT_TRUE(interpreter.evaluate());
  const auto elements = [&](size_t i) {
    const auto span = interpreter.elements(norms.running[i]);
    return std::vector<double>(span.begin(), span.end());
  };
  EXPECT_EQ(elements(0), (std::vector<double>{1.75, 1}));  // 3/4 + 4/4; a variance that is not finite
  EXPECT_EQ(elements(1), (std::vector<double>{1.25, 1}));
  EXPECT_EQ(elements(2), std::vector<double>{1});
  EXPECT_EQ(elements(3), std::vector<double>{4.75});
}

// Quantised weights of which a weighted sum is the loss.
struct Weights {
  Graph graph;
  std::vector<ValueId> w, weights, levels, losses;

  Weights(const std::vector<Shape>& shapes, bool detach) {
    const ops::WeightQuantizer quantizer = {.bits = 2, .detach_maximum = detach};
    for (const Shape& shape : shapes) {
      const std::string number = std::to_string(w.size());
      w.push_back(graph.parameter("w" + number, shape));
      levels.push_back(ops::quantize_weights(graph, "q" + number, w.back(), quantizer)->levels);
      weights.push_back(graph.input("weights" + number, f32_desc(shape)));
    }
  }
  void differentiate() {
    for (size_t i = 0; i < w.size(); ++i) losses.push_back(*ops::dot(graph, "loss", levels[i], weights[i]));
    const std::vector<float> ones(losses.size(), 1.0f);
    ASSERT_TRUE(graph::differentiate(graph, losses, ones, ops::autodiff_ops()));
  }
};

TEST(Group, WeightsByHand) {
  Weights net({Shape{4}, Shape{4}}, true);
  net.differentiate();
  ASSERT_TRUE(ops::group_weights(net.graph));
  ASSERT_EQ(count(net.graph, ops::kQuantizeWeightGroupOp), 1u);
  ASSERT_EQ(count(net.graph, ops::kQuantizeWeightGroupBackwardInputOp), 1u);
  EXPECT_EQ(count(net.graph, ops::kQuantizeWeightsOp) + count(net.graph, ops::kQuantizeWeightsBackwardInputOp), 0u);
  // tanh(w) / tanh(max) of -1, -1/2, 1/4 and 1, whatever the maximum: levels of three thirds.
  reference::Interpreter interpreter(net.graph);
  for (size_t i = 0; i < 2; ++i) {
    const double m = i == 0 ? 0.5 : 0.25;
    interpreter.set(net.w[i],
                    std::vector<double>{std::atanh(-m), std::atanh(-m / 2), std::atanh(m / 4), std::atanh(m)});
    interpreter.set(net.weights[i], std::vector<double>{1, 2, 3, 4});
  }
  ASSERT_TRUE(interpreter.evaluate());
  for (size_t i = 0; i < 2; ++i) {
    const double m = i == 0 ? 0.5 : 0.25;
    EXPECT_EQ(interpreter.elements(net.losses[i])[0], -3 * 1 - 1 * 2 + 1 * 3 + 3 * 4);
    const auto dw = interpreter.elements(net.graph.find("gradient/w" + std::to_string(i)));
    const double t[] = {-m, -m / 2, m / 4, m};
    for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(dw[k], static_cast<double>(k + 1) * 3 / m * (1 - t[k] * t[k]), 1e-12);
  }
}

// A product of two: the gradient of the first levels is made before the levels are read for the last time, and moves.
TEST(Group, GradientsComeBehindTheLastReaderOfLevels) {
  Weights net({Shape{4}, Shape{4}}, true);
  net.weights[0] = net.levels[1];
  net.weights[1] = net.levels[0];
  net.differentiate();
  Graph single = net.graph;
  ASSERT_TRUE(ops::group_weights(net.graph));
  ASSERT_EQ(count(net.graph, ops::kQuantizeWeightGroupOp), 1u);
  reference::Interpreter grouped(net.graph), plain(single);
  for (size_t i = 0; i < 2; ++i) {
    for (reference::Interpreter* each : {&grouped, &plain}) {
      each->set(net.w[i], std::vector<double>{-0.3, 0.1, i == 0 ? 0.25 : -0.2, 0.05});
    }
  }
  ASSERT_TRUE(grouped.evaluate() && plain.evaluate());
  for (const char* name : {"gradient/w0", "gradient/w1"}) {
    const auto a = grouped.elements(net.graph.find(name)), b = plain.elements(single.find(name));
    EXPECT_EQ(std::vector<double>(a.begin(), a.end()), std::vector<double>(b.begin(), b.end())) << name;
  }
}

TEST(Group, TensorsThatOthersNeedStayAlone) {
  // Of five elements; two that fit.
  Weights odd({Shape{5}, Shape{4}, Shape{8}}, false);
  odd.differentiate();
  ASSERT_TRUE(ops::group_weights(odd.graph));
  EXPECT_EQ(count(odd.graph, ops::kQuantizeWeightsOp), 1u);
  EXPECT_EQ(count(odd.graph, ops::kQuantizeWeightGroupOp), 1u);
  // A second term of the loss reads w: its gradient is a sum, which is not the group's to write.
  Weights shared({Shape{4}, Shape{4}, Shape{8}}, false);
  shared.w.push_back(shared.w[0]);
  shared.levels.push_back(shared.w[0]);
  shared.weights.push_back(shared.graph.input("other", f32_desc(Shape{4})));
  shared.differentiate();
  ASSERT_TRUE(ops::group_weights(shared.graph));
  EXPECT_EQ(count(shared.graph, ops::kQuantizeWeightsOp), 1u);
  EXPECT_EQ(count(shared.graph, ops::kQuantizeWeightsBackwardInputOp), 1u);
  // Whose maximum is read by another node.
  Weights read({Shape{4}, Shape{4}, Shape{8}}, false);
  read.differentiate();
  const ValueId maximum = read.graph.node(read.graph.value(read.levels[1]).producer).in(1);
  ASSERT_TRUE(ops::copy(read.graph, "copy", maximum));
  ASSERT_TRUE(ops::group_weights(read.graph));
  EXPECT_EQ(count(read.graph, ops::kQuantizeWeightsOp), 1u);
  // A gradient that is made from the levels themselves cannot lie in their place.
  Weights own({Shape{4}, Shape{4}, Shape{8}}, false);
  own.levels[0] = *ops::relu(own.graph, "relu", own.levels[0]);
  own.differentiate();
  ASSERT_TRUE(ops::group_weights(own.graph));
  EXPECT_EQ(count(own.graph, ops::kQuantizeWeightsOp), 1u);
  // Two alone are no group.
  Weights one({Shape{4}, Shape{5}}, false);
  one.differentiate();
  ASSERT_TRUE(ops::group_weights(one.graph));
  EXPECT_EQ(count(one.graph, ops::kQuantizeWeightGroupOp), 0u);
}

}  // namespace
}  // namespace lowtide
