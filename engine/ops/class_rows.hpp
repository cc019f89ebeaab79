// SPDX-License-Identifier: Apache-2.0
// The choice that losses over rows of classes share: a workgroup for each row, or an invocation.
#pragma once

#include "engine/graph/op_info.hpp"
#include "engine/ops/grid.hpp"
#include "engine/tensor/shape.hpp"

namespace lowtide::ops {

// Whether rows of shape [rows, classes] fill a workgroup each. Never on software devices, where the barriers of a row
// cost more than its loop: processor time of softmax_cross_entropy at 128 rows of 1000 classes is 0.73 ms with a
// workgroup to a row, 0.57 ms with an invocation on llvmpipe (512 bits); 7.1 and 1.8 ms on SwiftShader.
inline bool takes_a_workgroup_per_row(const Shape& shape, const graph::LowerTarget& target) {
  return !target.naive_only && !target.caps.is_software() && shape[1] >= Grid::kWidth;
}

}  // namespace lowtide::ops
