// SPDX-License-Identifier: Apache-2.0
// relu: y = max(x, 0), any shape, f32. Gradient: dx = dy where x > 0, else 0.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kReluOp;          // x -> y
extern const graph::OpInfo kReluBackwardOp;  // x, dy -> dx

Result<ValueId> relu(graph::Graph& graph, std::string name, ValueId x);

}  // namespace lowtide::ops
