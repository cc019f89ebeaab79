// SPDX-License-Identifier: Apache-2.0
// prelu: y = x where x > 0, else slope[c] * x, along the last axis, f32 (He et al. 2015). Gradient: dx = dy where x >
// 0, else slope * dy; dslope = sum of x * dy over the rows where x <= 0.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kPreluOp;                // x [.., c], slope [c] -> y
extern const graph::OpInfo kPreluBackwardInputOp;   // x, dy, slope -> dx
extern const graph::OpInfo kPreluBackwardWeightOp;  // x, dy -> dslope [c]

Result<ValueId> prelu(graph::Graph& graph, std::string name, ValueId x, ValueId slope);

}  // namespace lowtide::ops
