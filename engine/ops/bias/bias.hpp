// SPDX-License-Identifier: Apache-2.0
// bias: y = x + b[c] along the last axis, f32. Gradient: dx = dy, db = channel_sum(dy).
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kBiasOp;  // x [.., c], b [c] -> y

Result<ValueId> bias(graph::Graph& graph, std::string name, ValueId x, ValueId b);

}  // namespace lowtide::ops
