// SPDX-License-Identifier: Apache-2.0
// What every op gets from its table row alone.
#include "engine/graph/op_info.hpp"

#include <fmt/format.h>

#include <cstring>

namespace lowtide::graph {

Cost cost_of(const Node& node, const Graph& graph) {
  if (node.op->cost != nullptr) return node.op->cost(node, graph);
  Cost cost;
  for (const ValueId id : node.inputs) cost.bytes += graph.desc(id).bytes();
  for (const ValueId id : node.outputs) cost.bytes += graph.desc(id).bytes();
  return cost;
}

std::string describe_params(const Node& node) {
  std::string out;
  for (const ParamField& field : node.op->fields) {
    const std::byte* at = node.param_storage.data() + field.offset;
    uint32_t word = 0;
    std::memcpy(&word, at, sizeof word);
    if (field.is_for_training && word == 0) continue;
    if (!out.empty()) out += ' ';
    switch (field.type) {
      case FieldType::u32:
        out += fmt::format("{}={}", field.name, word);
        break;
      case FieldType::i32:
        out += fmt::format("{}={}", field.name, static_cast<int32_t>(word));
        break;
      case FieldType::f32: {
        float value = 0;
        std::memcpy(&value, at, sizeof value);
        out += fmt::format("{}={}", field.name, value);
        break;
      }
    }
  }
  return out;
}

}  // namespace lowtide::graph
