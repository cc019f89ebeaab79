// SPDX-License-Identifier: Apache-2.0
// batch_norm: shapes and gradients. The gradient needs x and two numbers per channel, so y is not kept.
#include "engine/ops/batch_norm/batch_norm.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/batch_norm/lower.hpp"
#include "engine/ops/rules.hpp"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::Node;

constexpr graph::ParamField kFields[] = {{"epsilon", offsetof(BatchNormOpParams, epsilon), FieldType::f32}};
constexpr graph::ParamField kRunningFields[] = {
    {"momentum", offsetof(BatchNormRunningOpParams, momentum), FieldType::f32}};
constexpr graph::ParamField kFoldFields[] = {
    {"epsilon", offsetof(BatchNormFoldOpParams, epsilon), FieldType::f32},
    {"input_scale", offsetof(BatchNormFoldOpParams, input_scale), FieldType::f32}};

Result<void> expect_epsilon(float epsilon) {
  if (epsilon > 0) return {};
  return fail(ErrorCode::invalid_argument, "epsilon must be positive, but is " + std::to_string(epsilon));
}

Result<void> expect_rows(const Graph& graph, ValueId x) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, x, DType::f32, "the input"));
  const Shape& shape = graph.desc(x).shape;
  if (shape.rank() >= 2 && shape.row_count() >= 2) return {};
  return fail(ErrorCode::invalid_argument,
              "batch statistics need at least two rows of channels, but the input is " + to_string(graph.desc(x)));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_rows(graph, node.in(0)));
  for (size_t i = 1; i < 3; ++i) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(i), "gamma and beta"));
  }
  LOWTIDE_TRY_VOID(expect_epsilon(node.params<BatchNormOpParams>().epsilon));
  const TensorDesc per_channel = graph.desc(node.in(1));
  return std::vector{graph.desc(node.in(0)), per_channel, per_channel, per_channel};
}

Descs infer_running(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() == 4 || node.inputs.size() == 5, "batch_norm_running takes 4 or 5 inputs");
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 1, "the running mean"));
  for (size_t i = 0; i < 4; ++i) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(i), "running values and batch statistics"));
  }
  if (node.inputs.size() == 5 && graph.desc(node.in(4)) != f32_desc(Shape{})) {
    return fail(ErrorCode::invalid_argument,
                "what says that the step counts must be one f32, but is " + to_string(graph.desc(node.in(4))));
  }
  const float momentum = node.params<BatchNormRunningOpParams>().momentum;
  if (!(momentum >= 0 && momentum <= 1)) {
    return fail(ErrorCode::invalid_argument, "the momentum must be in [0, 1], but is " + std::to_string(momentum));
  }
  return std::vector{graph.desc(node.in(0)), graph.desc(node.in(1))};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 5);
  LOWTIDE_TRY_VOID(expect_rows(graph, node.in(0)));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(1), "x and dy"));
  for (size_t i = 2; i < 5; ++i) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(i), "gamma, mean and inverse_std"));
  }
  const TensorDesc per_channel = graph.desc(node.in(2));
  return std::vector{graph.desc(node.in(0)), per_channel, per_channel};
}

Descs infer_fold(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() == 4 || node.inputs.size() == 5, "batch_norm_fold takes 4 or 5 inputs");
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 1, "gamma"));
  for (size_t i = 0; i < 4; ++i) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(i), "gamma, beta and the running values"));
  }
  if (node.inputs.size() == 5 && graph.desc(node.in(4)) != f32_desc(Shape{})) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(4), "the scale"));
  }
  LOWTIDE_TRY_VOID(expect_epsilon(node.params<BatchNormFoldOpParams>().epsilon));
  return std::vector{graph.desc(node.in(0)), graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  for (size_t i = 1; i < 4; ++i) {
    LOWTIDE_CHECK(!builder.gradient(node.out(i)).is_valid(), "the statistics of a batch norm are not differentiable");
  }
  const auto params = node.params<BatchNormOpParams>();
  LOWTIDE_TRY(const Node* backward,
              builder.graph().append(kBatchNormBackwardOp, node.name + "/backward_input", &params, sizeof(params),
                                     {node.in(0), builder.gradient(node.out()), node.in(1), node.out(1), node.out(2)}));
  for (size_t i = 0; i < 3; ++i) LOWTIDE_TRY_VOID(builder.accumulate(node.in(i), backward->out(i)));
  return {};
}

}  // namespace

const graph::OpInfo kBatchNormOp = {.name = "batch_norm",
                                    .fields = kFields,
                                    .param_bytes = sizeof(BatchNormOpParams),
                                    .infer = infer_forward,
                                    .differentiate = differentiate,
                                    .lower = batch_norm_lowering::forward};

const graph::OpInfo kBatchNormBackwardOp = {.name = "batch_norm_backward",
                                            .fields = kFields,
                                            .param_bytes = sizeof(BatchNormOpParams),
                                            .infer = infer_backward,
                                            .lower = batch_norm_lowering::backward};

const graph::OpInfo kBatchNormRunningOp = {.name = "batch_norm_running",
                                           .fields = kRunningFields,
                                           .param_bytes = sizeof(BatchNormRunningOpParams),
                                           .infer = infer_running,
                                           .lower = batch_norm_lowering::running};

const graph::OpInfo kBatchNormFoldOp = {.name = "batch_norm_fold",
                                        .fields = kFoldFields,
                                        .param_bytes = sizeof(BatchNormFoldOpParams),
                                        .infer = infer_fold,
                                        .lower = batch_norm_lowering::fold};

Result<BatchNormed> batch_norm(Graph& graph, std::string name, ValueId x, const BatchNormValues& values,
                               const BatchNormOpParams& params) {
  LOWTIDE_TRY(const Node* node,
              graph.append(kBatchNormOp, std::move(name), &params, sizeof(params), {x, values.gamma, values.beta}));
  return BatchNormed{node->out(0), node->out(1), node->out(3)};
}

Result<void> batch_norm_running(Graph& graph, std::string name, const BatchNormValues& values, const BatchNormed& batch,
                                const BatchNormRunningOpParams& params, ValueId finite) {
  std::vector<ValueId> inputs = {values.running_mean, values.running_variance, batch.mean, batch.variance};
  if (finite.is_valid()) inputs.push_back(finite);
  LOWTIDE_TRY_VOID(append_one(graph, kBatchNormRunningOp, std::move(name), params, std::move(inputs),
                              {values.running_mean, values.running_variance}));
  return {};
}

Result<BatchNormFolded> batch_norm_fold(Graph& graph, std::string name, const BatchNormValues& values,
                                        const BatchNormFoldOpParams& params, ValueId scale) {
  std::vector<ValueId> inputs = {values.gamma, values.beta, values.running_mean, values.running_variance};
  if (scale.is_valid()) inputs.push_back(scale);
  LOWTIDE_TRY(const Node* node,
              graph.append(kBatchNormFoldOp, std::move(name), &params, sizeof(params), std::move(inputs)));
  return BatchNormFolded{node->out(0), node->out(1)};
}

}  // namespace lowtide::ops
