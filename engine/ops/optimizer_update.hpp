// SPDX-License-Identifier: Apache-2.0
// The lowering that the optimisers share: one dispatch over a range of blocks of the arenas.
#pragma once

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/optimizer.hpp"

namespace lowtide::ops {

// `op`: the node's parameters, of which the range of blocks is read; `params`: the kernel's, of which the optimiser has
// set its own numbers. Kernels have the bindings dw, step_block, attributes, gradient_scale, w, m and, where there is a
// second moment, v. Without a gradient scale its binding gets the step block, which the kernel then does not read
// through it.
template <class Tuned, class Naive, class OpParams, class Params>
void lower_update(const graph::Node& node, const graph::LowerTarget& target, const OpParams& op, Params params,
                  DispatchList& out) {
  const bool has_scale = node.inputs.size() == 4;
  const uint32_t count = op.block_count * graph::kParameterBlock;
  const Grid grid = vec4_grid(Shape{count}, graph::kParameterBlock, target);
  params.first = op.first_block * graph::kParameterBlock;
  params.count = count;
  params.stride = grid.stride;
  params.has_scale = has_scale ? 1u : 0u;
  const auto add = [&](auto kernel) {
    kernel.dw = node.in(0);
    kernel.step_block = node.in(1);
    kernel.attributes = node.in(2);
    kernel.gradient_scale = has_scale ? node.in(3) : node.in(1);
    kernel.w = node.out(0);
    kernel.m = node.out(1);
    if constexpr (requires { kernel.v; }) kernel.v = node.out(2);
    out.add(kernel, params, grid.groups);
  };
  if (grid.is_vec4) {
    add(Tuned{});
  } else {
    add(Naive{});
  }
}

}  // namespace lowtide::ops
