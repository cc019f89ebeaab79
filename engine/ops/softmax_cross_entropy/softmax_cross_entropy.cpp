// SPDX-License-Identifier: Apache-2.0
// softmax_cross_entropy: one workgroup or one invocation per row, then the sum of the rows.
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/class_rows.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "engine/ops/sum.hpp"
#include "gen/kernels/softmax_cross_entropy.hpp"
#include "shaders/softmax_cross_entropy/softmax_cross_entropy.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {
    {"label_smoothing", offsetof(SoftmaxCrossEntropyParams, label_smoothing), graph::FieldType::f32}};

Result<void> expect_rows(const Graph& graph, ValueId rows, ValueId labels) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, rows, DType::f32, "the logits"));
  LOWTIDE_TRY_VOID(expect_rank(graph, rows, 2, "the logits"));
  const TensorDesc wanted = {DType::u32, Shape{graph.desc(rows).shape[0]}};
  if (graph.desc(labels) == wanted) return {};
  return fail(ErrorCode::invalid_argument, "the labels must be " + to_string(wanted) +
                                               ", one per row of the logits, but are " + to_string(graph.desc(labels)));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_rows(graph, node.in(0), node.in(1)));
  const float smoothing = node.params<SoftmaxCrossEntropyParams>().label_smoothing;
  if (!(smoothing >= 0 && smoothing < 1)) {
    return fail(ErrorCode::invalid_argument, "label smoothing must be in [0, 1), but is " + std::to_string(smoothing));
  }
  return std::vector{f32_desc(Shape{}), graph.desc(node.in(0))};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_rows(graph, node.in(0), node.in(1)));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_CHECK(!builder.gradient(node.out(1)).is_valid(), "the probabilities are not differentiable here");
  const auto params = node.params<SoftmaxCrossEntropyParams>();
  LOWTIDE_TRY(const ValueId dlogits,
              append_one(builder.graph(), kSoftmaxCrossEntropyBackwardOp, node.name + "/backward_input", params,
                         {node.out(1), node.in(1), builder.gradient(node.out(0))}));
  return builder.accumulate(node.in(0), dlogits);
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  const ValueId losses = out.scratch(uint64_t{shape[0]} * 4);
  const auto add = [&](auto kernel, uint32_t rows_per_group) {
    kernel.logits = node.in(0);
    kernel.labels = node.in(1);
    kernel.probabilities = node.out(1);
    kernel.losses = losses;
    out.add(
        kernel,
        shaders::SoftmaxCrossEntropyParams{.rows = shape[0],
                                           .classes = shape[1],
                                           .label_smoothing = node.params<SoftmaxCrossEntropyParams>().label_smoothing},
        groups_for(shape[0], rows_per_group));
  };
  if (takes_a_workgroup_per_row(shape, target)) {
    add(kernels::softmax_cross_entropy_forward_rows{}, 1);
  } else {
    add(kernels::softmax_cross_entropy_forward_rows_naive{}, Grid::kWidth);
  }
  lower_sum(target, losses, shape[0], 1.0f / static_cast<float>(shape[0]), node.out(0), out);
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  const Grid grid = vec4_grid(shape, shape[1], target);
  const auto add = [&](auto kernel) {
    kernel.probabilities = node.in(0);
    kernel.labels = node.in(1);
    kernel.dy = node.in(2);
    kernel.dx = node.out();
    out.add(kernel,
            shaders::SoftmaxCrossEntropyGradientParams{
                .count = grid.count,
                .stride = grid.stride,
                .rows = shape[0],
                .classes = shape[1],
                .label_smoothing = node.params<SoftmaxCrossEntropyParams>().label_smoothing},
            grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::softmax_cross_entropy_backward_input_vec4{});
  } else {
    add(kernels::softmax_cross_entropy_backward_input_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kSoftmaxCrossEntropyOp = {.name = "softmax_cross_entropy",
                                              .fields = kFields,
                                              .param_bytes = sizeof(SoftmaxCrossEntropyParams),
                                              .infer = infer_forward,
                                              .differentiate = differentiate,
                                              .lower = lower_forward};

const graph::OpInfo kSoftmaxCrossEntropyBackwardOp = {.name = "softmax_cross_entropy_backward_input",
                                                      .fields = kFields,
                                                      .param_bytes = sizeof(SoftmaxCrossEntropyParams),
                                                      .infer = infer_backward,
                                                      .lower = lower_backward};

Result<ValueId> softmax_cross_entropy(Graph& graph, std::string name, ValueId logits, ValueId labels,
                                      float label_smoothing) {
  return append_one(graph, kSoftmaxCrossEntropyOp, std::move(name), SoftmaxCrossEntropyParams{label_smoothing},
                    {logits, labels});
}

}  // namespace lowtide::ops
