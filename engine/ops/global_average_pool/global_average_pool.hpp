// SPDX-License-Identifier: Apache-2.0
// global_average_pool: [n, h, w, c] -> [n, c], f32: the sum over all pixels, times the f32 nearest to 1 / (h * w).
// Gradient: dx = dy / (h * w) at every pixel.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// Of the gradient, whose input does not tell.
struct GlobalAveragePoolBackwardOpParams {
  uint32_t h = 0, w = 0;
};

extern const graph::OpInfo kGlobalAveragePoolOp;          // x -> y
extern const graph::OpInfo kGlobalAveragePoolBackwardOp;  // dy -> dx

Result<ValueId> global_average_pool(graph::Graph& graph, std::string name, ValueId x);

}  // namespace lowtide::ops
