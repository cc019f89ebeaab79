// SPDX-License-Identifier: Apache-2.0
// linear: y[n,k] = output_scale * sum over c of x[n,c] * w[k,c].  x [n,c]  w [k,c]  y [n,k], all f32. No bias.
// output_scale and operands as in conv2d.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"
#include "engine/ops/conv2d/conv2d.hpp"

namespace lowtide::ops {

struct LinearParams {
  float output_scale = 1.0f;
  Operands operands = Operands::f32;
};

extern const graph::OpInfo kLinearOp;                // x, w -> y
extern const graph::OpInfo kLinearBackwardInputOp;   // w, dy -> dx
extern const graph::OpInfo kLinearBackwardWeightOp;  // x, dy -> dw

Result<ValueId> linear(graph::Graph& graph, std::string name, ValueId x, ValueId w, const LinearParams& params);

}  // namespace lowtide::ops
