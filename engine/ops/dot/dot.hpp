// SPDX-License-Identifier: Apache-2.0
// dot: y = factor * sum_i a_i b_i over two f32 values of one shape; y is a scalar []. Gradient: da = factor * dy * b,
// likewise db. With a = b = w and factor = lambda / 2 it is L2 regularisation.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct DotOpParams {
  float factor = 1.0f;
};

extern const graph::OpInfo kDotOp;          // a, b -> y []
extern const graph::OpInfo kDotBackwardOp;  // other, dy [] -> gradient = factor * dy * other

Result<ValueId> dot(graph::Graph& graph, std::string name, ValueId a, ValueId b, float factor = 1.0f);

}  // namespace lowtide::ops
