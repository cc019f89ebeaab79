// SPDX-License-Identifier: Apache-2.0
// absolute: shape, gradient and lowering.
#include "engine/ops/absolute/absolute.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/absolute.hpp"
#include "shaders/absolute/absolute.params.h"

namespace lowtide::ops {
namespace {

using graph::GradientBuilder;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Result<void> differentiate(const Node& node, GradientBuilder& builder) {
  const ValueId dy = builder.gradient(node.out());
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kAbsoluteBackwardOp, node.name + "/backward_input",
                                           NoParams{}, {node.in(0), dy}));
  return builder.accumulate(node.in(0), dx);
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.y = node.out();
    out.add(kernel, shaders::AbsoluteParams{.count = grid.count, .stride = grid.stride}, grid.groups);
  };
  if (target.naive_only) {
    add(kernels::absolute_forward_naive{});
  } else if (grid.is_vec4) {
    add(kernels::absolute_forward_vec4{});
  } else {
    add(kernels::absolute_forward{});
  }
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.dy = node.in(1);
    kernel.dx = node.out();
    out.add(kernel, shaders::AbsoluteParams{.count = grid.count, .stride = grid.stride}, grid.groups);
  };
  if (target.naive_only) {
    add(kernels::absolute_backward_input_naive{});
  } else if (grid.is_vec4) {
    add(kernels::absolute_backward_input_vec4{});
  } else {
    add(kernels::absolute_backward_input{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kAbsoluteOp = {.name = "absolute",
                                   .param_bytes = sizeof(NoParams),
                                   .infer = infer_like_input,
                                   .differentiate = differentiate,
                                   .lower = lower_forward};

const graph::OpInfo kAbsoluteBackwardOp = {.name = "absolute_backward_input",
                                           .param_bytes = sizeof(NoParams),
                                           .infer = infer_like_equal_inputs,
                                           .lower = lower_backward};

Result<ValueId> absolute(Graph& graph, std::string name, ValueId x) {
  return append_one(graph, kAbsoluteOp, std::move(name), NoParams{}, {x});
}

}  // namespace lowtide::ops
