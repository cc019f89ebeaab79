// SPDX-License-Identifier: Apache-2.0
// channel_sum: y[c] = sum of x[.., c] over every row of the last axis, f32. The gradient of what is added per channel.
// The order of the additions is a function of the shape alone. No gradient of its own.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kChannelSumOp;  // x -> y [c]

Result<ValueId> channel_sum(graph::Graph& graph, std::string name, ValueId x);

}  // namespace lowtide::ops
