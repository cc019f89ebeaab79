// SPDX-License-Identifier: Apache-2.0
// Steps of fused graphs are those of single ops, bit for bit: losses, gradient norms, parameters, moments, running
// statistics. Where a value has two quantisers that are alike, fusion makes them one; then gradients are added in front
// of the quantiser instead of behind it, and the numbers agree to rounding.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/rng.hpp"
#include "engine/ops/batch_norm/activation.hpp"
#include "engine/ops/batch_norm/running_group.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize/weight_group.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/stepper.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint32_t kBatch = 6, kEdge = 16, kClasses = 4;

struct Steps {
  std::vector<float> losses, norms;
  std::vector<NamedTensor> ended;
  size_t fused = 0;  // nodes
  size_t weight_groups = 0, weight_gradient_groups = 0, running_groups = 0;
  size_t single_weights = 0;  // quantisers in no group
  size_t dispatches = 0;
  uint64_t activation_bytes = 0;
};

Batch draw_batch(uint32_t step, std::vector<float>& images, std::vector<uint32_t>& labels) {
  images.resize(size_t{kBatch} * kEdge * kEdge * 3);
  labels.resize(kBatch);
  for (uint32_t i = 0; i < kBatch; ++i) labels[i] = philox(7, i, 1, step)[0] % kClasses;
  for (uint32_t i = 0; i < images.size(); ++i) {
    images[i] = static_cast<float>(philox(7, i, 2, step)[0] >> 16) / 32768.0f - 1.0f;
  }
  return {.images = images, .labels = labels, .valid = kBatch};
}

Steps steps_of(const std::vector<std::string>& changes, bool is_fused) {
  Steps out;
  std::vector<std::string> all = {"network.width=0.25", "optimizer.name=sgd", "schedule.rate=0.05"};
  all.insert(all.end(), changes.begin(), changes.end());
  const auto recipe = parse_recipe("name = \"fused\"", "fused", all);
  EXPECT_TRUE(recipe) << recipe.error().to_string();
  const Phase& phase = recipe->phases[0];
  auto train = make_train_graph(
      phase, {.batch = kBatch, .height = kEdge, .width = kEdge, .channels = 3, .classes = kClasses}, nullptr, is_fused);
  EXPECT_TRUE(train) << train.error().to_string();
  for (const graph::Node& node : train->graph.nodes()) {
    out.fused += node.op == &ops::kBatchNormActivationOp ? 1 : 0;
    out.weight_groups += node.op == &ops::kQuantizeWeightGroupOp ? 1 : 0;
    out.weight_gradient_groups += node.op == &ops::kQuantizeWeightGroupBackwardInputOp ? 1 : 0;
    out.running_groups += node.op == &ops::kBatchNormRunningGroupOp ? 1 : 0;
    out.single_weights += node.op == &ops::kQuantizeWeightsOp ? 1 : 0;
  }
  auto made = Stepper::create(harness::test_context(), std::move(*train));
  EXPECT_TRUE(made) << made.error().to_string();
  Stepper& stepper = **made;
  out.dispatches = stepper.executor().program().dispatches.size();
  out.activation_bytes = stepper.executor().program().arena_bytes[static_cast<size_t>(plan::Arena::activation)];
  std::vector<NamedTensor> tensors = persistent_tensors(stepper.train().graph);
  for (NamedTensor& tensor : tensors) {
    std::vector<float> elements(tensor.desc.shape.element_count());
    for (const NetParameter& parameter : stepper.train().parameters) {
      if (parameter.name == tensor.name) elements = initial_elements(parameter, recipe->seed);
    }
    const auto bytes = std::as_bytes(std::span(elements));
    tensor.bytes.assign(bytes.begin(), bytes.end());
  }
  EXPECT_TRUE(write_persistent(stepper.train().graph, stepper.executor(), tensors));
  for (uint32_t step = 0; step < 4; ++step) {
    std::vector<float> images;
    std::vector<uint32_t> labels;
    const Batch batch = draw_batch(step, images, labels);
    EXPECT_TRUE(stepper.submit(batch, make_step_block(phase, recipe->seed, step, {.rate = 0.05}, kBatch)));
    const auto metrics = stepper.finish();
    EXPECT_TRUE(metrics) << metrics.error().to_string();
    out.losses.push_back(metrics->loss);
    out.norms.push_back(metrics->gradient_norm);
  }
  auto ended = read_persistent(stepper.train().graph, stepper.executor());
  EXPECT_TRUE(ended) << ended.error().to_string();
  out.ended = std::move(*ended);
  return out;
}

void expect_equal(const std::vector<std::string>& changes) {
  const Steps single = steps_of(changes, false), fused = steps_of(changes, true);
  EXPECT_EQ(single.fused, 0u);
  EXPECT_GE(fused.fused, 6u);
  EXPECT_EQ(fused.losses, single.losses);
  EXPECT_EQ(fused.norms, single.norms);
  ASSERT_EQ(fused.ended.size(), single.ended.size());
  for (size_t i = 0; i < single.ended.size(); ++i) {
    EXPECT_EQ(fused.ended[i].name, single.ended[i].name);
    EXPECT_TRUE(fused.ended[i].bytes == single.ended[i].bytes) << single.ended[i].name;
  }
}

const std::vector<std::string> k2W2A = {"quantization.weight_bits=2", "quantization.activation_bits=2"};

TEST(Fused, StepsOfLevelsEqualSingleOps) {
  std::vector<std::string> changes = {"network.name=resnet20"};
  changes.insert(changes.end(), k2W2A.begin(), k2W2A.end());
  expect_equal(changes);
}

// Weights of all layers in one group each way, running values of all norms in one.
TEST(Fused, GroupsHoldWhatIsAlike) {
  std::vector<std::string> changes = {"network.name=resnet20"};
  changes.insert(changes.end(), k2W2A.begin(), k2W2A.end());
  const Steps single = steps_of(changes, false), fused = steps_of(changes, true);
  EXPECT_EQ(single.weight_groups + single.weight_gradient_groups + single.running_groups, 0u);
  EXPECT_GT(single.single_weights, 15u);
  EXPECT_EQ(fused.weight_groups, 1u);
  EXPECT_EQ(fused.weight_gradient_groups, 1u);
  EXPECT_EQ(fused.running_groups, 1u);
  EXPECT_EQ(fused.single_weights, 0u);
  EXPECT_LT(fused.activation_bytes, single.activation_bytes);
}

// Two widths, and one layer that stays alone.
TEST(Fused, GroupsOfSeveralWidthsEqualSingleOps) {
  for (const char* quantizer : {"dorefa", "dorefa_detached"}) {
    std::vector<std::string> changes = {"network.name=resnet20", "quantization.weight_bits=4",
                                        "quantization.activation_bits=2",
                                        std::string("quantization.weight_quantizer=") + quantizer,
                                        "quantization.layers=[{pattern=\"stage2.*\",weight_bits=2},"
                                        "{pattern=\"stage3.1.conv1\",weight_bits=3}]"};
    const Steps fused = steps_of(changes, true);
    EXPECT_EQ(fused.weight_groups, 2u);
    EXPECT_EQ(fused.weight_gradient_groups, 2u);
    EXPECT_EQ(fused.single_weights, 1u);
    expect_equal(changes);
  }
}

TEST(Fused, StepsThatRecomputeEqualThoseThatKeep) {
  std::vector<std::string> changes = {"network.name=resnet18_cifar"};
  changes.insert(changes.end(), k2W2A.begin(), k2W2A.end());
  const Steps kept = steps_of(changes, true);
  changes.push_back("training.recompute=convolutions");
  const Steps recomputed = steps_of(changes, true);
  EXPECT_LT(recomputed.activation_bytes, kept.activation_bytes);
  EXPECT_EQ(recomputed.losses, kept.losses);
  EXPECT_EQ(recomputed.norms, kept.norms);
  for (size_t i = 0; i < kept.ended.size(); ++i) {
    EXPECT_TRUE(recomputed.ended[i].bytes == kept.ended[i].bytes) << kept.ended[i].name;
  }
}

TEST(Fused, StepsOfSignsEqualSingleOps) {
  const std::vector<std::string> changes = {"quantization.weight_bits=1", "quantization.activation_bits=1",
                                            "quantization.weight_quantizer=sign",
                                            "quantization.activation_quantizer=sign"};
  for (const char* network : {"network.name=birealnet20", "network.name=resnet20"}) {
    std::vector<std::string> all = changes;
    all.push_back(network);
    expect_equal(all);
  }
}

TEST(Fused, StepsOfF32EqualSingleOps) {
  expect_equal({"network.name=resnet20", "quantization.weight_bits=fp32", "quantization.activation_bits=fp32"});
}

TEST(Fused, QuantisersThatAreAlikeBecomeOne) {
  std::vector<std::string> changes = {"network.name=resnet18_cifar"};
  changes.insert(changes.end(), k2W2A.begin(), k2W2A.end());
  const Steps single = steps_of(changes, false), fused = steps_of(changes, true);
  EXPECT_EQ(fused.losses[0], single.losses[0]);
  EXPECT_NEAR(fused.norms[0], single.norms[0], 1e-5f * single.norms[0]);
}

}  // namespace
}  // namespace lowtide::trainer
