// SPDX-License-Identifier: Apache-2.0
// mse: the gradient of b is that of a with the operands exchanged.
#include "engine/ops/mse/mse.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "engine/ops/sum.hpp"
#include "gen/kernels/mse.hpp"
#include "shaders/mse/mse.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(infer_like_equal_inputs(node, graph));
  return std::vector{f32_desc(Shape{})};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(1), "the operands"));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId dy = builder.gradient(node.out());
  for (size_t i = 0; i < 2; ++i) {
    if (!builder.needs_gradient(node.in(i))) continue;
    LOWTIDE_TRY(const ValueId d, append_one(builder.graph(), kMseBackwardOp, node.name + "/backward_input", NoParams{},
                                            {node.in(i), node.in(1 - i), dy}));
    LOWTIDE_TRY_VOID(builder.accumulate(node.in(i), d));
  }
  return {};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const uint32_t count = narrow<uint32_t>(graph.desc(node.in(0)).element_count());
  if (target.naive_only) {
    out.add(kernels::mse_forward_naive{.a = node.in(0), .b = node.in(1), .y = node.out()},
            shaders::MseParams{.count = count}, Groups{});
    return {};
  }
  const Slices slices = slices_of(count);
  const ValueId partials = out.scratch(uint64_t{slices.count} * 4);
  const auto add = [&](auto kernel) {
    kernel.a = node.in(0);
    kernel.b = node.in(1);
    kernel.partials = partials;
    out.add(kernel, shaders::MseSlicesParams{.count = slices.items, .slice = slices.items_each, .slices = slices.count},
            slices.groups());
  };
  if (slices.is_vec4) {
    add(kernels::mse_forward_slices_vec4{});
  } else {
    add(kernels::mse_forward_slices{});
  }
  lower_sum(target, partials, slices.count, 1.0f / static_cast<float>(count), node.out(), out);
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = vec4_grid(shape, shape.element_count(), target);
  const auto add = [&](auto kernel) {
    kernel.a = node.in(0);
    kernel.b = node.in(1);
    kernel.dy = node.in(2);
    kernel.dx = node.out();
    out.add(kernel,
            shaders::MseGradientParams{.count = grid.count,
                                       .stride = grid.stride,
                                       .two_over_count = 2.0f / static_cast<float>(shape.element_count())},
            grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::mse_backward_input_vec4{});
  } else {
    add(kernels::mse_backward_input_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kMseOp = {.name = "mse",
                              .param_bytes = sizeof(NoParams),
                              .infer = infer_forward,
                              .differentiate = differentiate,
                              .lower = lower_forward};

const graph::OpInfo kMseBackwardOp = {
    .name = "mse_backward_input", .param_bytes = sizeof(NoParams), .infer = infer_backward, .lower = lower_backward};

Result<ValueId> mse(Graph& graph, std::string name, ValueId a, ValueId b) {
  return append_one(graph, kMseOp, std::move(name), NoParams{}, {a, b});
}

}  // namespace lowtide::ops
