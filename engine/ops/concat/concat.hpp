// SPDX-License-Identifier: Apache-2.0
// concat: joins two or more f32 values along the last axis; all other extents are equal. Gradient: each input gets its
// channels of dy (concat_backward_input).
#pragma once

#include <string>
#include <vector>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct ConcatBackwardOpParams {
  uint32_t first = 0;     // the first channel taken of dy
  uint32_t channels = 0;  // how many
};

extern const graph::OpInfo kConcatOp;          // a, b, ... -> y
extern const graph::OpInfo kConcatBackwardOp;  // dy -> the channels first .. first + channels - 1 of every row

Result<ValueId> concat(graph::Graph& graph, std::string name, std::vector<ValueId> inputs);

}  // namespace lowtide::ops
