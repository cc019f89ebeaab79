// SPDX-License-Identifier: Apache-2.0
// Text form of a graph.
#include "engine/graph/dump.hpp"

#include <fmt/format.h>

#include "engine/graph/op_info.hpp"

namespace lowtide::graph {

std::string dump(const Graph& graph) {
  std::string out;
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const Value& value = graph.values()[i];
    if (value.producer.is_valid() || value.role == Role::activation) continue;
    out += fmt::format("%{} {} {} {}\n", i, role_name(value.role), value.name,
                       value.is_whole_arena ? "whole arena" : to_string(value.desc));
  }
  for (const Node& node : graph.nodes()) {
    std::string outputs, inputs;
    for (const ValueId id : node.outputs) {
      const Value& value = graph.value(id);
      outputs += fmt::format("{}%{} {}", outputs.empty() ? "" : ", ", id.index, to_string(value.desc));
      if (value.role != Role::activation) outputs += fmt::format(" {}", role_name(value.role));
      if (value.view_of.is_valid() && !node.op->is_view) {
        outputs += fmt::format(" in %{}+{}", value.view_of.index, value.view_offset);
      }
    }
    for (const ValueId id : node.inputs) inputs += fmt::format("{}%{}", inputs.empty() ? "" : ", ", id.index);
    const std::string params = describe_params(node);
    out += fmt::format("{} = {}({}){}{} # {}\n", outputs, node.op->name, inputs, params.empty() ? "" : " ", params,
                       node.name);
  }
  return out;
}

}  // namespace lowtide::graph
