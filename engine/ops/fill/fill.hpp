// SPDX-License-Identifier: Apache-2.0
// fill: a value of any unpacked 4-byte type, every element the same number. No gradient.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct FillOpParams {
  uint32_t rank = 0;
  uint32_t extent0 = 0, extent1 = 0, extent2 = 0, extent3 = 0;
  float value = 0;
};

extern const graph::OpInfo kFillOp;  // -> y

Result<ValueId> fill(graph::Graph& graph, std::string name, TensorDesc desc, float value);
// Fills an existing f32 value (a gradient that is to be zeroed, say).
Result<void> fill_existing(graph::Graph& graph, std::string name, ValueId target, float value);

}  // namespace lowtide::ops
