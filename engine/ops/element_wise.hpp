// SPDX-License-Identifier: Apache-2.0
// The lowerings that element-wise ops of one input share: naive, plain and vec4 kernels with the bindings x, y of the
// forward pass or x, dy, dx of its gradient. `params_of(grid)` makes the push constants.
#pragma once

#include "engine/graph/op_info.hpp"
#include "engine/ops/grid.hpp"

namespace lowtide::ops {

// `add(kernel, grid)` appends the dispatch of the kernel that suits the target.
template <class Naive, class Plain, class Vec4, class Add>
void add_element_wise(const Shape& shape, const graph::LowerTarget& target, const Add& add) {
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  if (target.naive_only) {
    add(Naive{}, grid);
  } else if (grid.is_vec4) {
    add(Vec4{}, grid);
  } else {
    add(Plain{}, grid);
  }
}

template <class Naive, class Plain, class Vec4, class ParamsOf>
void lower_element_wise(const graph::Node& node, const graph::Graph& graph, const graph::LowerTarget& target,
                        const ParamsOf& params_of, DispatchList& out) {
  const auto add = [&](auto kernel, const Grid& grid) {
    kernel.x = node.in(0);
    kernel.y = node.out();
    out.add(kernel, params_of(grid), grid.groups);
  };
  add_element_wise<Naive, Plain, Vec4>(graph.desc(node.out()).shape, target, add);
}

template <class Naive, class Plain, class Vec4, class ParamsOf>
void lower_element_wise_backward(const graph::Node& node, const graph::Graph& graph, const graph::LowerTarget& target,
                                 const ParamsOf& params_of, DispatchList& out) {
  const auto add = [&](auto kernel, const Grid& grid) {
    kernel.x = node.in(0);
    kernel.dy = node.in(1);
    kernel.dx = node.out();
    out.add(kernel, params_of(grid), grid.groups);
  };
  add_element_wise<Naive, Plain, Vec4>(graph.desc(node.out()).shape, target, add);
}

}  // namespace lowtide::ops
