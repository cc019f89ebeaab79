// SPDX-License-Identifier: Apache-2.0
// tap_scale: shape, gradient and lowering.
#include "engine/ops/tap_scale/tap_scale.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/tap_scale.hpp"
#include "shaders/tap_scale/tap_scale.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

TensorDesc scale_desc(const Graph& graph, ValueId x) {
  const Shape& shape = graph.desc(x).shape;
  return f32_desc(Shape{shape[1] * shape[2]});
}

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the weights"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "the weights"));
  const TensorDesc wanted = scale_desc(graph, node.in(0));
  if (graph.desc(node.in(1)) == wanted) return std::vector{graph.desc(node.in(0))};
  return fail(ErrorCode::invalid_argument, "the scales of '" + node.name + "' must be " + to_string(wanted) +
                                               ", one for each tap, but are " + to_string(graph.desc(node.in(1))));
}

Descs infer_backward_weight(const Node& node, const Graph& graph) {
  LOWTIDE_TRY_VOID(infer_like_equal_inputs(node, graph));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "the weights"));
  return std::vector{scale_desc(graph, node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  Graph& graph = builder.graph();
  const ValueId dy = builder.gradient(node.out());
  if (builder.needs_gradient(node.in(0))) {
    LOWTIDE_TRY(const ValueId dx, tap_scale(graph, node.name + "/backward_input", dy, node.in(1)));
    LOWTIDE_TRY_VOID(builder.accumulate(node.in(0), dx));
  }
  if (!builder.needs_gradient(node.in(1))) return {};
  LOWTIDE_TRY(const ValueId dscale, append_one(graph, kTapScaleBackwardWeightOp, node.name + "/backward_weight",
                                               NoParams{}, {node.in(0), dy}));
  return builder.accumulate(node.in(1), dscale);
}

shaders::TapScaleParams kernel_params(const Shape& shape) {
  return {.count = narrow<uint32_t>(shape.element_count()),
          .taps = shape[1] * shape[2],
          .channels = shape[3],
          .outputs = shape[0]};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  shaders::TapScaleParams params = kernel_params(graph.desc(node.out()).shape);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.scale = node.in(1);
    kernel.y = node.out();
    out.add(kernel, params, groups_for(params.count, kernel.local_size));
  };
  if (!target.naive_only && params.channels % 4 == 0) {
    params.count /= 4;
    params.channels /= 4;
    add(kernels::tap_scale_forward_vec4{});
  } else {
    add(kernels::tap_scale_forward_naive{});
  }
  return {};
}

Result<void> lower_backward_weight(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const shaders::TapScaleParams params = kernel_params(graph.desc(node.in(0)).shape);
  if (target.naive_only) {
    const kernels::tap_scale_backward_weight_naive kernel{.x = node.in(0), .dy = node.in(1), .dscale = node.out()};
    out.add(kernel, params, groups_for(params.taps, kernel.local_size));
    return {};
  }
  out.add(kernels::tap_scale_backward_weight{.x = node.in(0), .dy = node.in(1), .dscale = node.out()}, params,
          Groups{params.taps, 1, 1});
  return {};
}

}  // namespace

const graph::OpInfo kTapScaleOp = {.name = "tap_scale",
                                   .param_bytes = sizeof(NoParams),
                                   .infer = infer,
                                   .differentiate = differentiate,
                                   .lower = lower_forward};

const graph::OpInfo kTapScaleBackwardWeightOp = {.name = "tap_scale_backward_weight",
                                                 .param_bytes = sizeof(NoParams),
                                                 .infer = infer_backward_weight,
                                                 .lower = lower_backward_weight};

Result<ValueId> tap_scale(Graph& graph, std::string name, ValueId x, ValueId scale) {
  return append_one(graph, kTapScaleOp, std::move(name), NoParams{}, {x, scale});
}

}  // namespace lowtide::ops
