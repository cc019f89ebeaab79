// SPDX-License-Identifier: Apache-2.0
// mse: the mean over all elements of (a - b)^2, f32 values of one shape. Gradient: da = dy 2 (a - b) / count, db = -da.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kMseOp;          // a, b -> loss []
extern const graph::OpInfo kMseBackwardOp;  // a, b, dy [] -> dy 2 (a - b) / count

Result<ValueId> mse(graph::Graph& graph, std::string name, ValueId a, ValueId b);

}  // namespace lowtide::ops
