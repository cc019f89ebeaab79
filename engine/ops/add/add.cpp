// SPDX-License-Identifier: Apache-2.0
// add: its gradient needs no node, the output's gradient is passed on.
#include "engine/ops/add/add.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/add.hpp"
#include "shaders/add/add.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  return infer_like_equal_inputs(node, graph);
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId dy = builder.gradient(node.out());
  LOWTIDE_TRY_VOID(builder.accumulate(node.in(0), dy));
  return builder.accumulate(node.in(1), dy);
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : element_grid(shape, target.caps);
  const auto add = [&](auto kernel) {
    kernel.a = node.in(0);
    kernel.b = node.in(1);
    kernel.y = node.out();
    out.add(kernel, shaders::AddParams{.count = grid.count, .stride = grid.stride}, grid.groups);
  };
  if (target.naive_only) {
    add(kernels::add_forward_naive{});
  } else if (grid.is_vec4) {
    add(kernels::add_forward_vec4{});
  } else {
    add(kernels::add_forward{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kAddOp = {
    .name = "add", .param_bytes = sizeof(NoParams), .infer = infer, .differentiate = differentiate, .lower = lower};

Result<ValueId> add(Graph& graph, std::string name, ValueId a, ValueId b) {
  return append_one(graph, kAddOp, std::move(name), NoParams{}, {a, b});
}

}  // namespace lowtide::ops
