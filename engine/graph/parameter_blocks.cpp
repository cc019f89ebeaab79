// SPDX-License-Identifier: Apache-2.0
// Layouts of the parameter arena and of the state arena.
#include "engine/graph/parameter_blocks.hpp"

namespace lowtide::graph {
namespace {

uint32_t blocks(const Graph& graph, ValueId id) {
  return narrow<uint32_t>(ceil_div(graph.desc(id).element_count(), kParameterBlock));
}

}  // namespace

ParameterBlocks blocks_of(const Graph& graph, ValueId parameter) {
  LOWTIDE_CHECK(graph.value(parameter).role == Role::parameter, "not a parameter");
  ParameterBlocks out;
  for (const ValueId id : graph.with_role(Role::parameter)) {
    out.count = blocks(graph, id);
    if (id == parameter) return out;
    out.first += out.count;
  }
  LOWTIDE_CHECK(false, "a parameter that its graph does not list");
  return out;
}

uint32_t parameter_block_count(const Graph& graph) {
  uint32_t count = 0;
  for (const ValueId id : graph.with_role(Role::parameter)) count += blocks(graph, id);
  return count;
}

uint64_t state_offset(const Graph& graph, ValueId state) {
  LOWTIDE_CHECK(graph.value(state).role == Role::state, "not a state value");
  uint64_t end = 0;
  for (const ValueId id : graph.with_role(Role::state)) {
    const uint64_t offset = round_up<uint64_t>(end, kValueAlignment);
    if (id == state) return offset;
    end = offset + ceil_div<uint64_t>(graph.desc(id).bytes(), 4);
  }
  LOWTIDE_CHECK(false, "a state value that its graph does not list");
  return end;
}

}  // namespace lowtide::graph
