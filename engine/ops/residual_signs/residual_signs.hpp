// SPDX-License-Identifier: Apache-2.0
// residual_signs: the end of a residual block of a binary network, for inference, in one pass over memory:
//   y = min(max(a + b, lo), hi), codes = the signs of y, packed: add, clip and pack of signs, each f32 operation
//   rounded as theirs. a, b f32 [.., c] -> y f32 [.., c], for the next shortcut, and codes b1 [.., c], for the next
//   convolution.
// No gradient: training has the three ops.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct ResidualSignsOpParams {
  float lo = -1;
  float hi = 1;  // not below lo
};

extern const graph::OpInfo kResidualSignsOp;  // a, b -> y, codes

struct ResidualSigns {
  ValueId y;
  ValueId codes;
};
Result<ResidualSigns> residual_signs(graph::Graph& graph, std::string name, ValueId a, ValueId b,
                                     const ResidualSignsOpParams& params);

}  // namespace lowtide::ops
