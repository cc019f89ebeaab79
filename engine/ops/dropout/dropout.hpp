// SPDX-License-Identifier: Apache-2.0
// dropout (Srivastava et al. 2014, in the inverted form): each element is 0 with the given probability, else
// x / (1 - probability), f32, any shape. Element i draws word i % 4 of philox(seed, i / 4, stream, step) and is dropped
// where unit_float(word) < probability, so each step of a run has one mask that can be drawn again: the gradient is the
// same op on dy. Two dropouts of one network need different streams.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct DropoutOpParams {
  float probability = 0.5f;  // in [0, 1)
  uint32_t stream = 0;
};

extern const graph::OpInfo kDropoutOp;  // x, step block -> y

Result<ValueId> dropout(graph::Graph& graph, std::string name, ValueId x, float probability, uint32_t stream);

}  // namespace lowtide::ops
