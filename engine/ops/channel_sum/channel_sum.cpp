// SPDX-License-Identifier: Apache-2.0
// channel_sum: sums of slices of the rows, which the last workgroup adds; the order is fixed.
#include "engine/ops/channel_sum/channel_sum.hpp"

#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/channel_sum.hpp"
#include "shaders/channel_sum/channel_sum.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  return std::vector{f32_desc(Shape{graph.desc(node.in(0)).shape.last()})};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  if (target.naive_only) {
    const Grid grid = naive_grid(shape);
    const kernels::channel_sum_forward_naive kernel{.x = node.in(0), .y = node.out()};
    out.add(kernel, shaders::ChannelSumParams{.count = grid.count, .channels = grid.channels, .stride = 0},
            groups_for(grid.channels, kernel.local_size));
    return {};
  }
  const ColumnGrid grid = column_grid(shape);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.y = node.out();
    set_column_sum(kernel, grid, shape.last(), out);
    const uint32_t count = narrow<uint32_t>(shape.row_count() * grid.channels);
    out.add(
        kernel,
        shaders::ChannelSumParams{.count = count, .channels = grid.channels, .stride = grid.blocks() * grid.channels},
        grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::channel_sum_forward_vec4{});
  } else {
    add(kernels::channel_sum_forward{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kChannelSumOp = {
    .name = "channel_sum", .param_bytes = sizeof(NoParams), .infer = infer, .lower = lower};

Result<ValueId> channel_sum(Graph& graph, std::string name, ValueId x) {
  return append_one(graph, kChannelSumOp, std::move(name), NoParams{}, {x});
}

}  // namespace lowtide::ops
