// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation: three dispatches each way, as batch_norm has them.
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

constexpr uint32_t kChannelsPerGroup = 8;  // of the *_finish shaders

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

shaders::BatchNormStatisticsParams statistics_params(const Shape& shape, uint32_t blocks, float epsilon) {
  return {.rows = narrow<uint32_t>(shape.row_count()), .channels = shape.last(), .blocks = blocks, .epsilon = epsilon};
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
    add_statistics(kernel, node, statistics_params(shape, 1, epsilon), groups_for(shape.last(), kernel.local_size),
                   out);
    return;
  }
  const Grid grid = reduction_grid(shape);
  const ValueId partials = out.scratch(uint64_t{2} * grid.blocks() * shape.last() * 4);
  out.add(kernels::batch_norm_forward_partials_vec4{.x = node.in(0), .partials = partials},
          shaders::BatchNormParams{.count = grid.count,
                                   .channels = grid.channels,
                                   .stride = grid.stride,
                                   .inverse_rows = 1.0f / static_cast<float>(shape.row_count())},
          grid.groups);
  add_statistics(kernels::batch_norm_activation_forward_finish{.partials = partials}, node,
                 statistics_params(shape, grid.blocks(), epsilon), groups_for(shape.last(), kChannelsPerGroup), out);
}

// What both passes of backward read.
struct Gradients {
  ValueId dvalue, dlevels;
};

Gradients gradients_of(const Node& node, const BatchNormActivationBackwardOpParams& op) {
  const ValueId first = node.in(3);
  return {first, op.has_dlevels != 0 ? node.in(3 + op.has_dvalue) : first};
}

template <class Kernel>
void set_backward(Kernel& kernel, const Node& node, const BatchNormActivationBackwardOpParams& op) {
  const Gradients gradients = gradients_of(node, op);
  kernel.x = node.in(0);
  kernel.coefficients = node.in(1);
  kernel.codes = node.in(2);
  kernel.dvalue = gradients.dvalue;
  kernel.dlevels = gradients.dlevels;
  kernel.spec.activation = static_cast<uint32_t>(op.forward.activation);
  kernel.spec.quantizer = static_cast<uint32_t>(op.forward.quantizer);
  kernel.spec.has_dvalue = op.has_dvalue;
  kernel.spec.has_dlevels = op.has_dlevels;
  kernel.spec.has_shortcut = op.has_shortcut;
}

void add_backward_sums(const Node& node, const Shape& shape, bool naive_only, DispatchList& out) {
  const auto op = node.params<BatchNormActivationBackwardOpParams>();
  const auto add = [&](auto kernel, const Grid& grid) {
    set_backward(kernel, node, op);
    out.add(kernel, params_of(op.forward, grid, shape), grid.groups);
  };
  if (naive_only) {
    kernels::batch_norm_activation_backward_weight_naive kernel{.dgamma = node.out(1), .dbeta = node.out(2)};
    kernel.ds = op.has_shortcut != 0 ? node.out(3) : node.out(1);
    Grid grid = naive_words(shape);
    grid.groups = groups_for(grid.channels, kernel.local_size);
    add(kernel, grid);
    return;
  }
  const Grid grid = reduction_grid(shape);
  const ValueId partials = out.scratch(uint64_t{2} * grid.blocks() * shape.last() * 4);
  kernels::batch_norm_activation_backward_weight_partials kernel{.partials = partials};
  kernel.ds = op.has_shortcut != 0 ? node.out(3) : partials;
  add(kernel, grid);
  out.add(
      kernels::batch_norm_activation_backward_weight_finish{
          .partials = partials, .coefficients = node.in(1), .dgamma = node.out(1), .dbeta = node.out(2)},
      statistics_params(shape, grid.blocks(), op.forward.epsilon), groups_for(shape.last(), kChannelsPerGroup));
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
  const auto op = node.params<BatchNormActivationBackwardOpParams>();
  add_backward_sums(node, shape, target.naive_only, out);
  const Grid grid = target.naive_only ? naive_words(shape) : channel_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    set_backward(kernel, node, op);
    if (op.has_shortcut != 0) kernel.dvalue = kernel.dlevels = node.out(3);
    kernel.dgamma = node.out(1);
    kernel.dbeta = node.out(2);
    kernel.dx = node.out(0);
    out.add(kernel, params_of(op.forward, grid, shape), grid.groups);
  };
  if (target.naive_only) {
    add(kernels::batch_norm_activation_backward_input_naive{});
  } else {
    add(kernels::batch_norm_activation_backward_input{});
  }
  return {};
}

}  // namespace lowtide::ops::batch_norm_lowering
