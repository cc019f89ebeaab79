// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group: quantize_magnitude_detached and quantize_weights of many tensors, with the numbers of the
// single ops, bit for bit, in two dispatches each way. It works in the arenas. The place of a parameter's gradient
// holds three things in turn: the levels, from the forward op until the last node that reads them; their gradient; and,
// from the backward op on, the gradient of the parameter. The tensors are parameters whose element counts are multiples
// of four. ops::group_weights puts the nodes into a graph.
#pragma once

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct QuantizeWeightGroupOpParams {
  uint32_t bits = 2;
  uint32_t detach_maximum = 0;  // 1: the maximum is a constant for the gradient
};

// parameter arena, gradient arena, w of each tensor -> maxima [tensors], levels of each. When they are lowered, the
// levels must be the gradients of the tensors.
extern const graph::OpInfo kQuantizeWeightGroupOp;
// parameter arena, gradient arena, maxima, w of each tensor, gradient of each -> gradient of each, dlevels before and
// dw behind. `maxima` is output 0 of the other op, which may have more tensors.
extern const graph::OpInfo kQuantizeWeightGroupBackwardInputOp;

// The inputs from which on the tensors' w stand. Backward, as many gradients follow.
inline constexpr size_t kFirstInGroup = 2, kFirstInGroupBackward = 3;

// Whether a group can hold the tensor.
bool fits_weight_group(const graph::Graph& graph, ValueId w);

// Where the maximum of w lies among those of its group.
uint32_t index_in_group(const graph::Graph& graph, ValueId maxima, ValueId w);

}  // namespace lowtide::ops
