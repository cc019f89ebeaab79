// SPDX-License-Identifier: Apache-2.0
// add: y = a + b, f32, one shape. Gradient: da = db = dy.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kAddOp;  // a, b -> y

Result<ValueId> add(graph::Graph& graph, std::string name, ValueId a, ValueId b);

}  // namespace lowtide::ops
