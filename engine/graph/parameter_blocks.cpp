// SPDX-License-Identifier: Apache-2.0
// Layout of the parameter arena.
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

}  // namespace lowtide::graph
