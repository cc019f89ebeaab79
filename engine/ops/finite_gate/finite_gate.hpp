// SPDX-License-Identifier: Apache-2.0
// finite_gate: y = x where x and every condition is finite, else NaN. It makes of all that decides whether a training
// step counts (losses, gradient norms) the one number that its updates ask: optimisers as their gradient scale,
// batch_norm_running as `finite`. No gradient.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

inline constexpr size_t kFiniteConditions = 6;  // of one node

extern const graph::OpInfo kFiniteGateOp;  // x [], 1 to 6 conditions [] -> y [], all f32

// Any number of conditions; x itself where there is none. Several nodes where one does not take them all.
Result<ValueId> finite_gate(graph::Graph& graph, const std::string& name, ValueId x,
                            const std::vector<ValueId>& conditions);

}  // namespace lowtide::ops
