// SPDX-License-Identifier: Apache-2.0
// scale: linear in both inputs, so its gradients are scale, dot and channel_dot again.
#include "engine/ops/scale/scale.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/channel_dot/channel_dot.hpp"
#include "engine/ops/dot/dot.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/scale.hpp"
#include "shaders/scale/scale.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

bool is_scalar(const Graph& graph, ValueId s) {
  return graph.desc(s) == f32_desc(Shape{});
}

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  if (!is_scalar(graph, node.in(1))) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(1), "the scale"));
  }
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  Graph& graph = builder.graph();
  const ValueId dy = builder.gradient(node.out());
  if (builder.needs_gradient(node.in(0))) {
    LOWTIDE_TRY(const ValueId dx, scale(graph, node.name + "/backward_input", dy, node.in(1)));
    LOWTIDE_TRY_VOID(builder.accumulate(node.in(0), dx));
  }
  if (!builder.needs_gradient(node.in(1))) return {};
  const std::string name = node.name + "/backward_scale";
  auto ds = is_scalar(graph, node.in(1)) ? dot(graph, name, node.in(0), dy) : channel_dot(graph, name, node.in(0), dy);
  if (!ds) return tl::unexpected(std::move(ds).error());
  return builder.accumulate(node.in(1), *ds);
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const bool scalar = is_scalar(graph, node.in(1));
  const Grid grid = target.naive_only ? naive_grid(shape)
                    : scalar          ? element_grid(shape, target.caps)
                                      : channel_grid(shape, target.caps);
  const shaders::ScaleParams params = {
      .count = grid.count, .channels = scalar ? 1 : grid.channels, .stride = grid.stride};
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.s = node.in(1);
    kernel.y = node.out();
    if constexpr (requires { kernel.spec.is_scalar; }) kernel.spec.is_scalar = scalar ? 1 : 0;
    out.add(kernel, params, grid.groups);
  };
  if (target.naive_only) {
    add(kernels::scale_forward_naive{});
  } else if (grid.is_vec4) {
    add(kernels::scale_forward_vec4{});
  } else {
    add(kernels::scale_forward{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kScaleOp = {
    .name = "scale", .param_bytes = sizeof(NoParams), .infer = infer, .differentiate = differentiate, .lower = lower};

Result<ValueId> scale(Graph& graph, std::string name, ValueId x, ValueId s) {
  return append_one(graph, kScaleOp, std::move(name), NoParams{}, {x, s});
}

}  // namespace lowtide::ops
