// SPDX-License-Identifier: Apache-2.0
// clip: y = min(max(x, lo), hi), f32, any shape. Gradient: dx = dy where lo <= x <= hi, both included, else 0. With
// lo = -1 and hi = 1 it is the hard tanh.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct ClipOpParams {
  float lo = -1;
  float hi = 1;  // not below lo
};

extern const graph::OpInfo kClipOp;          // x -> y
extern const graph::OpInfo kClipBackwardOp;  // x, dy -> dx

Result<ValueId> clip(graph::Graph& graph, std::string name, ValueId x, float lo, float hi);

}  // namespace lowtide::ops
