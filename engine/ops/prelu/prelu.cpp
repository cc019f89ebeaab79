// SPDX-License-Identifier: Apache-2.0
// prelu: shape, gradients and lowering.
#include "engine/ops/prelu/prelu.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/prelu.hpp"
#include "shaders/prelu/prelu.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(1), "the slope"));
  return std::vector{graph.desc(node.in(0))};
}

Descs infer_backward_input(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(1), "x and dy"));
  LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(2), "the slope"));
  return std::vector{graph.desc(node.in(0))};
}

Descs infer_backward_weight(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(infer_like_equal_inputs(node, graph));
  return std::vector{f32_desc(Shape{graph.desc(node.in(0)).shape.last()})};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId x = node.in(0), slope = node.in(1), dy = builder.gradient(node.out());
  if (builder.needs_gradient(x)) {
    LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kPreluBackwardInputOp, node.name + "/backward_input",
                                             NoParams{}, {x, dy, slope}));
    LOWTIDE_TRY_VOID(builder.accumulate(x, dx));
  }
  if (!builder.needs_gradient(slope)) return {};
  LOWTIDE_TRY(const ValueId dslope,
              append_one(builder.graph(), kPreluBackwardWeightOp, node.name + "/backward_weight", NoParams{}, {x, dy}));
  return builder.accumulate(slope, dslope);
}

shaders::PreluParams shader_params(const Grid& grid) {
  return {.count = grid.count, .channels = grid.channels, .stride = grid.stride};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : channel_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.slope = node.in(1);
    kernel.y = node.out();
    out.add(kernel, shader_params(grid), grid.groups);
  };
  if (target.naive_only) {
    add(kernels::prelu_forward_naive{});
  } else if (grid.is_vec4) {
    add(kernels::prelu_forward_vec4{});
  } else {
    add(kernels::prelu_forward{});
  }
  return {};
}

Result<void> lower_backward_input(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : channel_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.dy = node.in(1);
    kernel.slope = node.in(2);
    kernel.dx = node.out();
    out.add(kernel, shader_params(grid), grid.groups);
  };
  if (target.naive_only) {
    add(kernels::prelu_backward_input_naive{});
  } else if (grid.is_vec4) {
    add(kernels::prelu_backward_input_vec4{});
  } else {
    add(kernels::prelu_backward_input{});
  }
  return {};
}

Result<void> lower_backward_weight(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  if (target.naive_only) {
    const kernels::prelu_backward_weight_naive kernel{.x = node.in(0), .dy = node.in(1), .dslope = node.out()};
    out.add(kernel, shader_params(naive_grid(shape)), groups_for(shape.last(), kernel.local_size));
    return {};
  }
  const ColumnGrid grid = column_grid(shape);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.dy = node.in(1);
    kernel.dslope = node.out();
    set_column_sum(kernel, grid, shape.last(), out);
    const uint32_t count = narrow<uint32_t>(shape.row_count() * grid.channels);
    out.add(kernel,
            shaders::PreluParams{.count = count, .channels = grid.channels, .stride = grid.blocks() * grid.channels},
            grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::prelu_backward_weight_vec4{});
  } else {
    add(kernels::prelu_backward_weight{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kPreluOp = {.name = "prelu",
                                .param_bytes = sizeof(NoParams),
                                .infer = infer_forward,
                                .differentiate = differentiate,
                                .lower = lower_forward};

const graph::OpInfo kPreluBackwardInputOp = {.name = "prelu_backward_input",
                                             .param_bytes = sizeof(NoParams),
                                             .infer = infer_backward_input,
                                             .lower = lower_backward_input};

const graph::OpInfo kPreluBackwardWeightOp = {.name = "prelu_backward_weight",
                                              .param_bytes = sizeof(NoParams),
                                              .infer = infer_backward_weight,
                                              .lower = lower_backward_weight};

Result<ValueId> prelu(Graph& graph, std::string name, ValueId x, ValueId slope) {
  return append_one(graph, kPreluOp, std::move(name), NoParams{}, {x, slope});
}

}  // namespace lowtide::ops
