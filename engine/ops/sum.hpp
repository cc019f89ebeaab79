// SPDX-License-Identifier: Apache-2.0
// How losses sum: slices of the operands, one workgroup each, write partial sums; one more dispatch adds those. Every
// sum has one order, a function of the count alone.
#pragma once

#include <cstdint>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// Slices of the items that a kernel with FOR_SLICE_ITEMS (shaders/lib/element.glsl) adds.
struct Slices {
  bool is_vec4 = false;  // items are four elements; where the count is a multiple of four
  uint32_t items = 0;
  uint32_t items_each = 0;
  uint32_t count = 0;  // workgroups, and partial sums

  Groups groups() const { return groups_for(count, 1); }
};
Slices slices_of(uint64_t elements);

// Adds y = factor * (sum of `count` elements of x). x f32 [count], y f32 [].
void lower_sum(const graph::LowerTarget& target, ValueId x, uint32_t count, float factor, ValueId y, DispatchList& out);

}  // namespace lowtide::ops
