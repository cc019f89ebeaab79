// SPDX-License-Identifier: Apache-2.0
// The choice that losses over rows of classes share: a workgroup for each row, or an invocation.
#pragma once

#include "engine/graph/op_info.hpp"
#include "engine/ops/grid.hpp"
#include "engine/tensor/shape.hpp"

namespace lowtide::ops {

// Whether rows of shape [rows, classes] fill a workgroup each.
inline bool takes_a_workgroup_per_row(const Shape& shape, const graph::LowerTarget& target) {
  return !target.naive_only && shape[1] >= Grid::kWidth;
}

}  // namespace lowtide::ops
