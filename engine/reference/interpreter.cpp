// SPDX-License-Identifier: Apache-2.0
// Storage of the oracle and its loop over nodes.
#include "engine/reference/interpreter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/graph/parameter_blocks.hpp"

namespace lowtide::reference {
namespace {

using graph::Role;
using graph::Value;

// Index into Interpreter::arenas_, or -1.
int arena_of(Role role) {
  switch (role) {
    case Role::parameter:
      return 0;
    case Role::gradient:
      return 1;
    case Role::moment0:
      return 2;
    case Role::moment1:
      return 3;
    default:
      return -1;
  }
}

}  // namespace

Interpreter::Interpreter(const graph::Graph& graph) : graph_(graph), own_(graph.values().size()) {
  const size_t arena_elements = size_t{graph::parameter_block_count(graph)} * graph::kParameterBlock;
  for (auto& arena : arenas_) arena.resize(arena_elements);
  for (size_t i = 0; i < own_.size(); ++i) {
    const Value& value = graph.values()[i];
    if (arena_of(value.role) < 0 && !value.view_of.is_valid()) own_[i].resize(value.desc.element_count());
  }
}

std::span<double> Interpreter::elements(ValueId id) {
  const ValueId part = id;
  id = graph_.storage_of(id);
  const Value& value = graph_.value(id);
  const int arena = arena_of(value.role);
  if (arena < 0) {
    const std::span<double> all = own_[id.index];
    return part == id ? all : all.subspan(graph_.offset_in_storage(part), graph_.desc(part).element_count());
  }
  const std::span<double> all = arenas_[static_cast<size_t>(arena)];
  if (value.is_whole_arena) return all;
  const ValueId parameter = value.role == Role::parameter ? id : value.mirror;
  const size_t first = size_t{graph::blocks_of(graph_, parameter).first} * graph::kParameterBlock;
  return all.subspan(first, value.desc.element_count());
}

void Interpreter::set(ValueId id, std::span<const double> source) {
  const std::span<double> target = elements(id);
  LOWTIDE_CHECK(source.size() == target.size(), "another number of elements than the value has");
  std::copy(source.begin(), source.end(), target.begin());
}

Result<void> Interpreter::evaluate() {
  for (const graph::Node& node : graph_.nodes()) {
    if (node.op->is_view) continue;
    const Function function = find_function(node.op->name);
    if (function == nullptr) {
      return fail(ErrorCode::unsupported, fmt::format("the op '{}' has no reference function", node.op->name));
    }
    Operands operands = {.node = node, .graph = graph_, .step = step_, .inputs = {}, .outputs = {}};
    for (const ValueId id : node.inputs) {
      operands.inputs.push_back(graph_.value(id).role == Role::step ? std::span<double>() : elements(id));
    }
    for (const ValueId id : node.outputs) operands.outputs.push_back(elements(id));
    function(operands);
  }
  return {};
}

}  // namespace lowtide::reference
