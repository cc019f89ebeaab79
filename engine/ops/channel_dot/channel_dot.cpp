// SPDX-License-Identifier: Apache-2.0
// channel_dot: sums of slices of the rows, which the last workgroup adds; the order is fixed.
#include "engine/ops/channel_dot/channel_dot.hpp"

#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/channel_dot.hpp"
#include "shaders/channel_dot/channel_dot.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(infer_like_equal_inputs(node, graph));
  return std::vector{f32_desc(Shape{graph.desc(node.in(0)).shape.last()})};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  if (target.naive_only) {
    const Grid grid = naive_grid(shape);
    const kernels::channel_dot_forward_naive kernel{.a = node.in(0), .b = node.in(1), .y = node.out()};
    out.add(kernel, shaders::ChannelDotParams{.count = grid.count, .channels = grid.channels, .stride = 0},
            groups_for(grid.channels, kernel.local_size));
    return {};
  }
  const ColumnGrid grid = column_grid(shape);
  const auto add = [&](auto kernel) {
    kernel.a = node.in(0);
    kernel.b = node.in(1);
    kernel.y = node.out();
    set_column_sum(kernel, grid, shape.last(), out);
    const uint32_t count = narrow<uint32_t>(shape.row_count() * grid.channels);
    out.add(
        kernel,
        shaders::ChannelDotParams{.count = count, .channels = grid.channels, .stride = grid.blocks() * grid.channels},
        grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::channel_dot_forward_vec4{});
  } else {
    add(kernels::channel_dot_forward{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kChannelDotOp = {
    .name = "channel_dot", .param_bytes = sizeof(NoParams), .infer = infer, .lower = lower};

Result<ValueId> channel_dot(Graph& graph, std::string name, ValueId a, ValueId b) {
  return append_one(graph, kChannelDotOp, std::move(name), NoParams{}, {a, b});
}

}  // namespace lowtide::ops
