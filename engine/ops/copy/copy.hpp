// SPDX-License-Identifier: Apache-2.0
// copy: y = x, f32, any shape. Gradient: dx = dy.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kCopyOp;  // x -> y

Result<ValueId> copy(graph::Graph& graph, std::string name, ValueId x);

}  // namespace lowtide::ops
