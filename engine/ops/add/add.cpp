// SPDX-License-Identifier: Apache-2.0
// add: its gradient needs no node, the output's gradient is passed on.
#include "engine/ops/add/add.hpp"

#include "engine/graph/autodiff.hpp"
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

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const uint32_t count = narrow<uint32_t>(graph.desc(node.out()).element_count());
  const kernels::add_forward_naive kernel{.a = node.in(0), .b = node.in(1), .y = node.out()};
  out.add(kernel, shaders::AddParams{.count = count}, groups_for(count, kernel.local_size));
  return {};
}

}  // namespace

const graph::OpInfo kAddOp = {
    .name = "add", .param_bytes = sizeof(NoParams), .infer = infer, .differentiate = differentiate, .lower = lower};

Result<ValueId> add(Graph& graph, std::string name, ValueId a, ValueId b) {
  return append_one(graph, kAddOp, std::move(name), NoParams{}, {a, b});
}

}  // namespace lowtide::ops
