// SPDX-License-Identifier: Apache-2.0
// scale: y = x * s, f32, where s is a scalar [] or has one element per channel of the last axis [c].
// Gradient: dx = scale(dy, s); ds = dot(x, dy) or channel_dot(x, dy).
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kScaleOp;  // x [.., c], s [] or [c] -> y

Result<ValueId> scale(graph::Graph& graph, std::string name, ValueId x, ValueId s);

}  // namespace lowtide::ops
