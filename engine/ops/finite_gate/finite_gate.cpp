// SPDX-License-Identifier: Apache-2.0
// finite_gate: one invocation looks at a handful of numbers.
#include "engine/ops/finite_gate/finite_gate.hpp"

#include <algorithm>

#include "engine/ops/rules.hpp"
#include "gen/kernels/finite_gate.hpp"
#include "shaders/finite_gate/finite_gate.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

Descs infer(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() >= 2 && node.inputs.size() <= kFiniteConditions + 1,
                "finite_gate takes a value and 1 to 6 conditions");
  for (const ValueId id : node.inputs) {
    if (graph.desc(id) == f32_desc(Shape{})) continue;
    return fail(ErrorCode::invalid_argument,
                "finite_gate looks at single f32 numbers, but one is " + to_string(graph.desc(id)));
  }
  return std::vector{f32_desc(Shape{})};
}

// Bindings beyond the last condition get x again.
Result<void> lower(const Node& node, const Graph&, const LowerTarget&, DispatchList& out) {
  const auto condition = [&](size_t i) { return i < node.inputs.size() ? node.in(i) : node.in(0); };
  out.add(kernels::finite_gate_forward{.x = node.in(0),
                                       .c1 = condition(1),
                                       .c2 = condition(2),
                                       .c3 = condition(3),
                                       .c4 = condition(4),
                                       .c5 = condition(5),
                                       .c6 = condition(6),
                                       .y = node.out()},
          shaders::FiniteGateParams{.count = narrow<uint32_t>(node.inputs.size())}, Groups{});
  return {};
}

}  // namespace

const graph::OpInfo kFiniteGateOp = {
    .name = "finite_gate", .param_bytes = sizeof(graph::NoParams), .infer = infer, .lower = lower};

Result<ValueId> finite_gate(Graph& graph, const std::string& name, ValueId x, const std::vector<ValueId>& conditions) {
  for (size_t first = 0; first < conditions.size(); first += kFiniteConditions) {
    std::vector<ValueId> inputs = {x};
    for (size_t i = first; i < std::min(first + kFiniteConditions, conditions.size()); ++i) {
      inputs.push_back(conditions[i]);
    }
    const std::string part = first == 0 ? name : name + "/" + std::to_string(first / kFiniteConditions + 1);
    LOWTIDE_TRY(x, append_one(graph, kFiniteGateOp, part, graph::NoParams{}, std::move(inputs)));
  }
  return x;
}

}  // namespace lowtide::ops
