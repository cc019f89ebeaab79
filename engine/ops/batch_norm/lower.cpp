// SPDX-License-Identifier: Apache-2.0
// Two dispatches each way: one that sums over the rows, one over the elements. Every sum has one order.
#include "engine/ops/batch_norm/lower.hpp"

#include "engine/ops/batch_norm/batch_norm.hpp"
#include "engine/ops/grid.hpp"
#include "gen/kernels/batch_norm.hpp"
#include "shaders/batch_norm/batch_norm.params.h"

namespace lowtide::ops::batch_norm_lowering {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

shaders::BatchNormParams element_params(const Grid& grid, const Shape& shape) {
  return {.count = grid.count,
          .channels = grid.channels,
          .stride = grid.stride,
          .inverse_rows = 1.0f / static_cast<float>(shape.row_count())};
}

shaders::BatchNormStatisticsParams statistics_params(const Node& node, const Shape& shape, uint32_t channels,
                                                     uint32_t blocks) {
  const auto p = node.params<BatchNormOpParams>();
  return {.rows = narrow<uint32_t>(shape.row_count()), .channels = channels, .blocks = blocks, .epsilon = p.epsilon};
}

// Both ways: sets what the sums over rows need beside their inputs and outputs.
template <class Kernel>
void add_sums(Kernel kernel, const Node& node, const Shape& shape, const ColumnGrid& grid, DispatchList& out) {
  static_assert(Kernel::local_size == ColumnGrid::kWidth);
  kernel.partials = out.scratch(uint64_t{2} * grid.slices * shape.last() * 4);
  kernel.counters = out.counters(grid.columns);
  kernel.spec.column = grid.column;
  out.add(kernel, statistics_params(node, shape, grid.channels, grid.blocks()), grid.groups);
}

void forward_statistics(const Node& node, const Shape& shape, DispatchList& out) {
  const ColumnGrid grid = column_grid(shape);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.mean = node.out(1);
    kernel.inverse_std = node.out(2);
    kernel.variance = node.out(3);
    add_sums(kernel, node, shape, grid, out);
  };
  if (grid.is_vec4) {
    add(kernels::batch_norm_forward_statistics_vec4{});
  } else {
    add(kernels::batch_norm_forward_statistics{});
  }
}

void forward_statistics_naive(const Node& node, const Shape& shape, DispatchList& out) {
  const kernels::batch_norm_forward_statistics_naive kernel{
      .x = node.in(0), .mean = node.out(1), .inverse_std = node.out(2), .variance = node.out(3)};
  out.add(kernel, statistics_params(node, shape, shape.last(), 1), groups_for(shape.last(), kernel.local_size));
}

void backward_sums(const Node& node, const Shape& shape, DispatchList& out) {
  const ColumnGrid grid = column_grid(shape);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.dy = node.in(1);
    kernel.mean = node.in(3);
    kernel.inverse_std = node.in(4);
    kernel.dgamma = node.out(1);
    kernel.dbeta = node.out(2);
    add_sums(kernel, node, shape, grid, out);
  };
  if (grid.is_vec4) {
    add(kernels::batch_norm_backward_weight_vec4{});
  } else {
    add(kernels::batch_norm_backward_weight{});
  }
}

void backward_sums_naive(const Node& node, const Shape& shape, DispatchList& out) {
  const kernels::batch_norm_backward_weight_naive kernel{.x = node.in(0),
                                                         .dy = node.in(1),
                                                         .mean = node.in(3),
                                                         .inverse_std = node.in(4),
                                                         .dgamma = node.out(1),
                                                         .dbeta = node.out(2)};
  out.add(kernel, statistics_params(node, shape, shape.last(), 1), groups_for(shape.last(), kernel.local_size));
}

}  // namespace

Result<void> forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : channel_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.gamma = node.in(1);
    kernel.beta = node.in(2);
    kernel.mean = node.out(1);
    kernel.inverse_std = node.out(2);
    kernel.y = node.out();
    out.add(kernel, element_params(grid, shape), grid.groups);
  };
  if (target.naive_only) {
    forward_statistics_naive(node, shape, out);
    add(kernels::batch_norm_forward_normalize_naive{});
    return {};
  }
  forward_statistics(node, shape, out);
  if (grid.is_vec4) {
    add(kernels::batch_norm_forward_normalize_vec4{});
  } else {
    add(kernels::batch_norm_forward_normalize{});
  }
  return {};
}

Result<void> backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : channel_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.dy = node.in(1);
    kernel.gamma = node.in(2);
    kernel.mean = node.in(3);
    kernel.inverse_std = node.in(4);
    kernel.dgamma = node.out(1);
    kernel.dbeta = node.out(2);
    kernel.dx = node.out();
    out.add(kernel, element_params(grid, shape), grid.groups);
  };
  if (target.naive_only) {
    backward_sums_naive(node, shape, out);
    add(kernels::batch_norm_backward_input_naive{});
    return {};
  }
  backward_sums(node, shape, out);
  if (grid.is_vec4) {
    add(kernels::batch_norm_backward_input_vec4{});
  } else {
    add(kernels::batch_norm_backward_input{});
  }
  return {};
}

Result<void> running(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const uint32_t channels = graph.desc(node.out()).shape.last();
  const bool has_finite = node.inputs.size() == 5;
  const kernels::batch_norm_forward_running kernel{.mean = node.in(2),
                                                   .variance = node.in(3),
                                                   .finite = has_finite ? node.in(4) : node.in(2),
                                                   .running_mean = node.out(0),
                                                   .running_variance = node.out(1)};
  out.add(kernel,
          shaders::BatchNormRunningParams{.channels = channels,
                                          .has_finite = has_finite ? 1u : 0u,
                                          .momentum = node.params<BatchNormRunningOpParams>().momentum},
          groups_for(channels, kernel.local_size));
  return {};
}

Result<void> fold(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const uint32_t channels = graph.desc(node.out()).shape.last();
  const auto p = node.params<BatchNormFoldOpParams>();
  const bool has_scale = node.inputs.size() == 5;
  kernels::batch_norm_forward_fold kernel{.gamma = node.in(0),
                                          .beta = node.in(1),
                                          .running_mean = node.in(2),
                                          .running_variance = node.in(3),
                                          .scale = has_scale ? node.in(4) : node.in(0),
                                          .multiplier = node.out(0),
                                          .offset = node.out(1)};
  kernel.spec.has_scale = has_scale ? 1 : 0;
  kernel.spec.is_scalar = has_scale && graph.desc(node.in(4)).shape.rank() == 0 ? 1 : 0;
  out.add(kernel,
          shaders::BatchNormFoldParams{.channels = channels, .epsilon = p.epsilon, .input_scale = p.input_scale},
          groups_for(channels, kernel.local_size));
  return {};
}

}  // namespace lowtide::ops::batch_norm_lowering
