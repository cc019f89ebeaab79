// SPDX-License-Identifier: Apache-2.0
// Lookup of tuned choices.
#include "engine/graph/tuning.hpp"

#include "engine/graph/op_info.hpp"

namespace lowtide::graph {

std::string_view Tuning::variant_for(const Node& node, const Graph& graph) const {
  if (const auto it = by_op.find(node.op->name); it != by_op.end()) return it->second;
  if (by_node.empty() || (exact_only && !node.op->is_exact)) return {};
  const auto it = by_node.find(node_signature(node, graph));
  return it == by_node.end() ? std::string_view() : it->second;
}

std::string node_signature(const Node& node, const Graph& graph) {
  std::string text = std::string(node.op->name) + "(" + describe_params(node) + ")";
  for (const ValueId id : node.inputs) text += " " + to_string(graph.desc(id));
  text += " ->";
  for (const ValueId id : node.outputs) text += " " + to_string(graph.desc(id));
  return text;
}

}  // namespace lowtide::graph
