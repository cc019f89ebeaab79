// SPDX-License-Identifier: Apache-2.0
// channel_dot: y[c] = sum of a[.., c] b[.., c] over every row of the last axis, f32. The gradient of what multiplies
// per channel. The order of the additions is a function of the shape alone. No gradient of its own.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kChannelDotOp;  // a, b -> y [c]

Result<ValueId> channel_dot(graph::Graph& graph, std::string name, ValueId a, ValueId b);

}  // namespace lowtide::ops
