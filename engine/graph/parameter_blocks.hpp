// SPDX-License-Identifier: Apache-2.0
// Where parameters lie in the parameter arena, and so gradients and moments in theirs, and where state lies in its
// arena: pure functions of the graph.
// Each parameter starts at a multiple of kParameterBlock elements, in order of creation, so that an optimiser can look
// up a block's attributes (weight decay, clipping) with one index. Elements that pad a block are zero and stay zero.
#pragma once

#include <cstdint>

#include "engine/graph/graph.hpp"

namespace lowtide::graph {

inline constexpr uint32_t kParameterBlock = 256;  // f32 elements

struct ParameterBlocks {
  uint32_t first = 0;
  uint32_t count = 0;
};

ParameterBlocks blocks_of(const Graph& graph, ValueId parameter);
// Of all parameters together.
uint32_t parameter_block_count(const Graph& graph);

// Where a state value lies in the state arena, in words of 4 bytes: one behind the other in order of creation, each
// from a multiple of kValueAlignment on.
uint64_t state_offset(const Graph& graph, ValueId state);

}  // namespace lowtide::graph
