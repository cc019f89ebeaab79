// SPDX-License-Identifier: Apache-2.0
// draw_select: one of two tensors of the same shape, whole, by a draw that each step makes anew: y = a where
// unit_float(word 0 of philox(seed, 0, stream, step)) < quantized_share, else y = b, f32, any shape. quantized_share,
// seed and step are the step block's; at a share of 1 it is always a. Selections of one stream draw alike.
// Straight-through: b is a without its rounding, whose gradient rule is a's own, so da = dy whichever is drawn and b
// gets none.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct DrawSelectOpParams {
  uint32_t stream = 0;
};

extern const graph::OpInfo kDrawSelectOp;  // a, b, step block -> y

Result<ValueId> draw_select(graph::Graph& graph, std::string name, ValueId a, ValueId b, uint32_t stream);

}  // namespace lowtide::ops
