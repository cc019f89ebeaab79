// SPDX-License-Identifier: Apache-2.0
// absolute: y = |x|, any shape, f32. Gradient: dx = dy where x > 0, -dy where x < 0, 0 at 0.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kAbsoluteOp;          // x -> y
extern const graph::OpInfo kAbsoluteBackwardOp;  // x, dy -> dx

Result<ValueId> absolute(graph::Graph& graph, std::string name, ValueId x);

}  // namespace lowtide::ops
