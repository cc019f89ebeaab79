// SPDX-License-Identifier: Apache-2.0
// The stable text form of a graph; golden tests and `lowtide inspect` read it.
#pragma once

#include <string>

#include "engine/graph/graph.hpp"

namespace lowtide::graph {

// One line per value without a producer ("%3 parameter conv1.weight f32[64, 3, 3, 3]"), then one per node
// ("%7 f32[16, 28, 28, 64] = conv2d(%0, %3) stride_h=1 ... # conv1").
std::string dump(const Graph& graph);

}  // namespace lowtide::graph
