// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation: two dispatches each way, as batch_norm has them.
#include "engine/ops/batch_norm/activation.hpp"
#include "engine/ops/batch_norm/lower.hpp"
#include "engine/ops/grid.hpp"
#include "engine/quant/quantizer.hpp"
#include "gen/kernels/batch_norm.hpp"
#include "shaders/batch_norm/batch_norm.params.h"

namespace lowtide::ops::batch_norm_lowering {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

shaders::BatchNormActivationParams params_of(const BatchNormActivationOpParams& op, const Grid& grid,
                                             const Shape& shape) {
  return {.count = grid.count,
          .channels = shape.last() / 4,
          .stride = grid.stride,
          .inverse_rows = 1.0f / static_cast<float>(shape.row_count()),
          .lo = op.lo,
          .hi = op.hi,
          .max_level = static_cast<float>(quant::max_code(op.bits)),
          .window = op.window};
}

shaders::BatchNormStatisticsParams statistics_params(const Shape& shape, uint32_t channels, uint32_t blocks,
                                                     float epsilon) {
  return {.rows = narrow<uint32_t>(shape.row_count()), .channels = channels, .blocks = blocks, .epsilon = epsilon};
}

// Items of four elements, one to an invocation.
Grid naive_words(const Shape& shape) {
  Grid grid = naive_grid(Shape{narrow<uint32_t>(shape.element_count() / 4)});
  grid.channels = shape.last() / 4;
  return grid;
}

template <class Kernel>
void add_statistics(Kernel kernel, const Node& node, const shaders::BatchNormStatisticsParams& params, Groups groups,
                    DispatchList& out) {
  kernel.mean = node.out(1);
  kernel.coefficients = node.out(2);
  kernel.variance = node.out(3);
  kernel.gamma = node.in(1);
  kernel.beta = node.in(2);
  out.add(kernel, params, groups);
}

void add_forward_statistics(const Node& node, const Shape& shape, bool naive_only, DispatchList& out) {
  const float epsilon = node.params<BatchNormActivationOpParams>().epsilon;
  if (naive_only) {
    const kernels::batch_norm_activation_forward_statistics_naive kernel{.x = node.in(0)};
    add_statistics(kernel, node, statistics_params(shape, shape.last(), 1, epsilon),
                   groups_for(shape.last(), kernel.local_size), out);
    return;
  }
  const ColumnGrid grid = column_grid(shape);
  kernels::batch_norm_activation_forward_statistics kernel{.x = node.in(0)};
  kernel.partials = out.scratch(uint64_t{2} * grid.slices * shape.last() * 4);
  kernel.counters = out.counters(grid.columns);
  kernel.spec.column = grid.column;
  add_statistics(kernel, node, statistics_params(shape, grid.channels, grid.blocks(), epsilon), grid.groups, out);
}

// What all passes of backward read. `has_ds`: the first pass writes ds, the last one reads it.
template <class Kernel>
void add_backward(Kernel kernel, const Node& node, const Shape& shape, bool has_ds, const Grid& grid,
                  DispatchList& out) {
  const auto op = node.params<BatchNormActivationBackwardOpParams>();
  kernel.x = node.in(0);
  kernel.coefficients = node.in(1);
  kernel.codes = node.in(2);
  kernel.spec.activation = static_cast<uint32_t>(op.forward.activation);
  kernel.spec.quantizer = static_cast<uint32_t>(op.forward.quantizer);
  kernel.spec.has_dvalue = op.has_dvalue;
  kernel.spec.has_dlevels = op.has_dlevels;
  kernel.spec.has_ds = has_ds ? 1 : 0;
  out.add(kernel, params_of(op.forward, grid, shape), grid.groups);
}

ValueId dvalue_of(const Node& node) {
  return node.in(3);
}
ValueId dlevels_of(const Node& node) {
  const auto op = node.params<BatchNormActivationBackwardOpParams>();
  return op.has_dlevels != 0 ? node.in(3 + op.has_dvalue) : node.in(3);
}

void backward_naive(const Node& node, const Shape& shape, DispatchList& out) {
  const bool has_shortcut = node.params<BatchNormActivationBackwardOpParams>().has_shortcut != 0;
  const ValueId dvalue = dvalue_of(node), dlevels = dlevels_of(node);
  const kernels::batch_norm_activation_backward_weight_naive sums{.dvalue = dvalue,
                                                                  .dlevels = dlevels,
                                                                  .dgamma = node.out(1),
                                                                  .dbeta = node.out(2),
                                                                  .ds = has_shortcut ? node.out(3) : node.out(1)};
  Grid grid = naive_words(shape);
  const Groups all = grid.groups;
  grid.groups = groups_for(grid.channels, sums.local_size);
  add_backward(sums, node, shape, has_shortcut, grid, out);
  grid.groups = all;
  const kernels::batch_norm_activation_backward_input_naive last{.dvalue = has_shortcut ? node.out(3) : dvalue,
                                                                 .dlevels = has_shortcut ? node.out(3) : dlevels,
                                                                 .dgamma = node.out(1),
                                                                 .dbeta = node.out(2),
                                                                 .dx = node.out(0)};
  add_backward(last, node, shape, has_shortcut, grid, out);
}

}  // namespace

Result<void> forward_activation(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  const auto op = node.params<BatchNormActivationOpParams>();
  add_forward_statistics(node, shape, target.naive_only, out);
  const Grid grid = target.naive_only ? naive_words(shape) : channel_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.coefficients = node.out(2);
    kernel.shortcut = node.inputs.size() == 4 ? node.in(3) : node.in(0);
    kernel.codes = node.out(5);
    kernel.value = op.writes_value != 0 ? node.out(0) : node.out(5);
    kernel.levels = op.quantizer != NormQuantizer::none ? node.out(4) : node.out(5);
    kernel.spec.activation = static_cast<uint32_t>(op.activation);
    kernel.spec.quantizer = static_cast<uint32_t>(op.quantizer);
    kernel.spec.has_shortcut = node.inputs.size() == 4 ? 1 : 0;
    kernel.spec.writes_value = op.writes_value;
    out.add(kernel, params_of(op, grid, shape), grid.groups);
  };
  if (target.naive_only) {
    add(kernels::batch_norm_activation_forward_naive{});
  } else {
    add(kernels::batch_norm_activation_forward{});
  }
  return {};
}

Result<void> backward_activation(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  if (target.naive_only) {
    backward_naive(node, shape, out);
    return {};
  }
  const auto op = node.params<BatchNormActivationBackwardOpParams>();
  // Where two gradients meet, ds is less to read again than both of them and the codes.
  const bool has_ds = op.has_shortcut != 0 || (op.has_dvalue != 0 && op.has_dlevels != 0);
  const ColumnGrid columns = column_grid(shape);
  kernels::batch_norm_activation_backward_weight sums{.dvalue = dvalue_of(node), .dlevels = dlevels_of(node)};
  sums.partials = out.scratch((uint64_t{2} + 2 * columns.slices) * shape.last() * 4);
  sums.counters = out.counters(columns.columns);
  sums.ds = op.has_shortcut != 0 ? node.out(3) : has_ds ? out.scratch(shape.element_count() * 4) : sums.partials;
  sums.spec.column = columns.column;
  Grid grid = channel_grid(shape, target.caps);
  const Grid last_grid = grid;
  grid.stride = columns.blocks() * columns.channels;
  grid.groups = columns.groups;
  add_backward(sums, node, shape, has_ds, grid, out);
  const kernels::batch_norm_activation_backward_input last{.gradient = has_ds ? sums.ds : node.in(3),
                                                           .sums = sums.partials,
                                                           .dgamma = node.out(1),
                                                           .dbeta = node.out(2),
                                                           .dx = node.out(0)};
  add_backward(last, node, shape, has_ds, last_grid, out);
  return {};
}

}  // namespace lowtide::ops::batch_norm_lowering
