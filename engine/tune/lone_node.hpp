// SPDX-License-Identifier: Apache-2.0
// A node of a graph as a graph of its own, and numbers to run it on.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/graph.hpp"
#include "engine/runtime/executor.hpp"

namespace lowtide::tune {

// Inputs become constants, running state stays state; outputs stay on the device. Error: the op's shape rule.
Result<std::unique_ptr<graph::Graph>> lone_node(const graph::Node& node, const graph::Graph& graph);

// Numbers that every variant reads alike: f32 in [-1, 1), codes whose bits behind the last channel are zero, thresholds
// in order. `executor` runs a program of such a graph.
Result<void> write_numbers(runtime::Executor& executor, const graph::Graph& graph);

}  // namespace lowtide::tune
