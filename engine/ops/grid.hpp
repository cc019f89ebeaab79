// SPDX-License-Identifier: Apache-2.0
// How element-wise and per-channel kernels cut a tensor among invocations: an item is one element or four adjacent
// ones; an invocation works on items that are `stride` apart, of a tile of the tensor (element_grid, channel_grid) or
// of all of it (reduction_grid); shaders/lib/element.glsl is the other half. Adjacent invocations touch adjacent
// memory, and where stride is a multiple of the items of a row each invocation stays in one channel.
#pragma once

#include <cstdint>

#include "engine/graph/op_info.hpp"
#include "engine/kernel/caps.hpp"
#include "engine/kernel/dispatch.hpp"
#include "engine/tensor/shape.hpp"

namespace lowtide::ops {

struct Grid {
  bool is_vec4 = false;   // items are four elements; only where the extent that matters is a multiple of four
  uint32_t count = 0;     // items
  uint32_t channels = 1;  // items of one row of the last axis; 1 where the channel does not matter
  uint32_t stride = 1;    // a multiple of channels
  Groups groups;          // of kWidth invocations

  static constexpr uint32_t kWidth = 64;
  uint32_t blocks() const { return stride / channels; }  // of a reduction_grid
};

// One item per invocation, one element per item: what naive kernels use.
Grid naive_grid(const Shape& shape);
// Several items per invocation; vec4 where the count is a multiple of four and the device is better off with it.
Grid element_grid(const Shape& shape, const DeviceCaps& caps);
// Likewise, each invocation within one channel (four of them where the last extent is a multiple of four).
Grid channel_grid(const Shape& shape, const DeviceCaps& caps);
// Likewise, vec4 where the target wants tuned kernels and each row of `row_length` elements is whole vec4s; else
// naive_grid. For ops whose only tuned form is vec4.
Grid vec4_grid(const Shape& shape, uint64_t row_length, const graph::LowerTarget& target);
// For sums over rows in one dispatch: a workgroup has a slice of the rows of `column` items side by side, and the last
// one of a column adds its slices (shaders/lib/columns.glsl, shaders/lib/last_workgroup.glsl).
struct ColumnGrid {
  bool is_vec4 = false;
  uint32_t channels = 1;  // items of a row
  uint32_t column = 1;    // a power of two that divides kWidth; the last column may be cut
  uint32_t columns = 1;
  uint32_t slices = 1;
  Groups groups;  // of kWidth invocations, exactly columns * slices

  static constexpr uint32_t kWidth = 128;
  uint32_t blocks() const { return slices * (kWidth / column); }  // block i holds the rows i, i + blocks(), ...
};
// A function of the shape alone, so that a sum does not depend on the device it is made on.
ColumnGrid column_grid(const Shape& shape);
// What kernels with lib/column_sum.glsl have beside their operands; `channels`: elements of a row.
template <class Kernel>
void set_column_sum(Kernel& kernel, const ColumnGrid& grid, uint32_t channels, DispatchList& out) {
  static_assert(Kernel::local_size == ColumnGrid::kWidth);
  kernel.partials = out.scratch(uint64_t{grid.slices} * channels * 4);
  kernel.counters = out.counters(grid.columns);
  kernel.spec.column = grid.column;
}
// For sums over rows in two dispatches: blocks() partial results per channel. A function of the shape alone, so that a
// sum does not depend on the device it is made on.
Grid reduction_grid(const Shape& shape);

}  // namespace lowtide::ops
