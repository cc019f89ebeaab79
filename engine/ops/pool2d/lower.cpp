// SPDX-License-Identifier: Apache-2.0
// Tuned kernels work on a row of pixels of one channel, or of four where the channels allow it; naive ones on one
// element.
#include "engine/ops/pool2d/lower.hpp"

#include "engine/ops/pool2d/pool2d.hpp"
#include "gen/kernels/pool2d.hpp"
#include "shaders/pool2d/pool2d.params.h"

namespace lowtide::ops::pool2d_lowering {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

// Adds one dispatch of a kernel whose values are set. `rows`: of the tensor whose elements (naive) or rows (tuned) the
// invocations share out.
struct Pooling {
  Pool2dOpParams op;
  Shape x, y;
  bool is_naive;
  DispatchList& out;

  bool is_vec4() const { return !is_naive && x.last() % 4 == 0; }

  template <class Kernel>
  void add(Kernel kernel, const Shape& shared_out) {
    kernel.spec.kernel_h = op.kernel_h;
    kernel.spec.kernel_w = op.kernel_w;
    kernel.spec.stride_h = op.stride_h;
    kernel.spec.stride_w = op.stride_w;
    kernel.spec.pad_h = op.pad_h;
    kernel.spec.pad_w = op.pad_w;
    const uint32_t channels = is_vec4() ? x.last() / 4 : x.last();
    const uint64_t count = is_naive ? shared_out.element_count() : uint64_t{shared_out[0]} * shared_out[1] * channels;
    const shaders::Pool2dParams params = {.count = narrow<uint32_t>(count),
                                          .channels = channels,
                                          .h = x[1],
                                          .w = x[2],
                                          .oh = y[1],
                                          .ow = y[2],
                                          .inverse_full = 1.0f / static_cast<float>(op.kernel_h * op.kernel_w),
                                          .count_includes_pad = op.count_includes_pad};
    out.add(kernel, params, groups_for(count, kernel.local_size));
  }
};

Pooling pooling(const Node& node, const Graph& graph, ValueId x, ValueId y, const LowerTarget& target,
                DispatchList& out) {
  return {node.params<Pool2dOpParams>(), graph.desc(x).shape, graph.desc(y).shape, target.naive_only, out};
}

}  // namespace

Result<void> max_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  Pooling pool = pooling(node, graph, node.in(0), node.out(), target, out);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.y = node.out();
    pool.add(kernel, pool.y);
  };
  if (pool.is_naive) {
    add(kernels::pool2d_max_forward_naive{});
  } else if (pool.is_vec4()) {
    add(kernels::pool2d_max_forward_vec4{});
  } else {
    add(kernels::pool2d_max_forward{});
  }
  return {};
}

Result<void> max_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  Pooling pool = pooling(node, graph, node.in(0), node.in(1), target, out);
  const Pool2dOpParams& op = pool.op;
  const bool is_disjoint = op.stride_h == op.kernel_h && op.stride_w == op.kernel_w && op.pad_h == 0 && op.pad_w == 0 &&
                           op.kernel_h * op.kernel_w <= 256;
  const auto add = [&](auto kernel, const Shape& shared_out) {
    kernel.x = node.in(0);
    kernel.dy = node.in(1);
    kernel.dx = node.out();
    pool.add(kernel, shared_out);
  };
  if (pool.is_naive) {
    add(kernels::pool2d_max_backward_input_naive{}, pool.x);
  } else if (is_disjoint && pool.is_vec4()) {
    add(kernels::pool2d_max_backward_input_disjoint_vec4{}, pool.y);
  } else if (is_disjoint) {
    add(kernels::pool2d_max_backward_input_disjoint{}, pool.y);
  } else if (pool.is_vec4()) {
    add(kernels::pool2d_max_backward_input_vec4{}, pool.x);
  } else {
    add(kernels::pool2d_max_backward_input{}, pool.x);
  }
  return {};
}

Result<void> average_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  Pooling pool = pooling(node, graph, node.in(0), node.out(), target, out);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.y = node.out();
    pool.add(kernel, pool.y);
  };
  if (pool.is_naive) {
    add(kernels::pool2d_average_forward_naive{});
  } else if (pool.is_vec4()) {
    add(kernels::pool2d_average_forward_vec4{});
  } else {
    add(kernels::pool2d_average_forward{});
  }
  return {};
}

Result<void> average_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  Pooling pool = pooling(node, graph, node.out(), node.in(0), target, out);
  const auto add = [&](auto kernel) {
    kernel.dy = node.in(0);
    kernel.dx = node.out();
    pool.add(kernel, pool.x);
  };
  if (pool.is_naive) {
    add(kernels::pool2d_average_backward_input_naive{});
  } else if (pool.is_vec4()) {
    add(kernels::pool2d_average_backward_input_vec4{});
  } else {
    add(kernels::pool2d_average_backward_input{});
  }
  return {};
}

}  // namespace lowtide::ops::pool2d_lowering
