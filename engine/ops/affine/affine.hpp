// SPDX-License-Identifier: Apache-2.0
// affine: y = x * multiplier[c] + offset[c] along the last axis, f32: one multiplication, then one addition, each
// rounded to nearest even and never contracted (NoContraction in the module; Vulkan requires both to be correctly
// rounded). It is how evaluation applies batch norm, and part of the project's numeric definition: any host code built
// with -ffp-contract=off gives the same bits. Gradient: dx = scale(dy, multiplier), dmultiplier = channel_dot(x, dy),
// doffset = channel_sum(dy).
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kAffineOp;  // x [.., c], multiplier [c], offset [c] -> y

Result<ValueId> affine(graph::Graph& graph, std::string name, ValueId x, ValueId multiplier, ValueId offset);

}  // namespace lowtide::ops
