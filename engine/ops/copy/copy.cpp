// SPDX-License-Identifier: Apache-2.0
// copy: the kernel moves words.
#include "engine/ops/copy/copy.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/copy.hpp"
#include "shaders/copy/copy.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  return builder.accumulate(node.in(0), builder.gradient(node.out()));
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  if (target.naive_only) {
    const Grid grid = naive_grid(shape);
    out.add(kernels::copy_forward_naive{.x = node.in(0), .y = node.out()},
            shaders::CopyParams{.x_first = 0, .y_first = 0, .count = grid.count}, grid.groups);
    return {};
  }
  const Grid grid = element_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.y = node.out();
    out.add(kernel, shaders::CopyItemsParams{.count = grid.count, .stride = grid.stride}, grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::copy_forward_vec4{});
  } else {
    add(kernels::copy_forward{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kCopyOp = {.name = "copy",
                               .param_bytes = sizeof(NoParams),
                               .infer = infer_like_input,
                               .differentiate = differentiate,
                               .lower = lower};

Result<ValueId> copy(Graph& graph, std::string name, ValueId x) {
  return append_one(graph, kCopyOp, std::move(name), NoParams{}, {x});
}

}  // namespace lowtide::ops
