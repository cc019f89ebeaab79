// SPDX-License-Identifier: Apache-2.0
// The constants come from the cost of a workgroup on software drivers (0.07 us of 64 lanes on llvmpipe, 0.25 us on
// SwiftShader: as much as thousands of elements) and from the invocations that a large GPU wants in flight.
#include "engine/ops/grid.hpp"

#include <algorithm>
#include <bit>

namespace lowtide::ops {
namespace {

// `stride`: of items; a multiple of the items of a row is made of it.
Grid cut(uint64_t elements, uint32_t channels, bool is_vec4, uint64_t stride, uint64_t invocations) {
  Grid grid;
  grid.is_vec4 = is_vec4;
  grid.count = narrow<uint32_t>(is_vec4 ? elements / 4 : elements);
  grid.channels = is_vec4 && channels > 1 ? channels / 4 : channels;
  grid.stride = narrow<uint32_t>(round_up<uint64_t>(std::max<uint64_t>(stride, 1), grid.channels));
  grid.groups = groups_for(round_up<uint64_t>(std::max<uint64_t>(invocations, 1), grid.stride), Grid::kWidth);
  return grid;
}

uint64_t wanted_invocations(uint64_t items, const DeviceCaps& caps) {
  const uint64_t most_items_each = caps.is_software() ? 64 : 8;
  const uint64_t enough_in_flight = caps.is_software() ? 1024 : 131072;
  return std::max(ceil_div(items, most_items_each), std::min(items, enough_in_flight));
}

// Invocations that share a tile of the tensor. On a GPU the subgroups of a workgroup run together; a software driver
// runs one to its end before the next, so that with a tile for all of them each would walk over the whole tile and
// touch a part of every piece. Processor time of `add` at 16x56x56x64: llvmpipe (512 bits) 19.3 ms with 64 invocations
// to a tile, 8.4 ms with 16, one subgroup, 11.5 ms naive; SwiftShader 19.2 ms with 64, 10.8 ms with 4, 48 ms naive.
uint64_t invocations_of_tile(const DeviceCaps& caps) {
  return caps.is_software() ? std::min(caps.subgroup_size, Grid::kWidth) : Grid::kWidth;
}

// Where a subgroup fills the processor's vectors by itself, four elements to an invocation only add strides: `add`
// takes 6.4 ms with single elements, 8.4 ms with four (llvmpipe, as above); on SwiftShader, of four lanes, 15.4
// against 10.8 ms.
bool wants_single_elements(const DeviceCaps& caps) {
  return caps.is_software() && caps.subgroup_size >= 8;
}

}  // namespace

Grid naive_grid(const Shape& shape) {
  return cut(shape.element_count(), shape.last(), false, shape.element_count(), shape.element_count());
}

Grid element_grid(const Shape& shape, const DeviceCaps& caps) {
  const uint64_t elements = shape.element_count();
  const bool is_vec4 = elements % 4 == 0 && !wants_single_elements(caps);
  const uint64_t items = is_vec4 ? elements / 4 : elements;
  return cut(elements, 1, is_vec4, invocations_of_tile(caps), wanted_invocations(items, caps));
}

Grid vec4_grid(const Shape& shape, uint64_t row_length, const graph::LowerTarget& target) {
  if (target.naive_only || row_length % 4 != 0) return naive_grid(shape);
  const uint64_t elements = shape.element_count();
  return cut(elements, 1, true, invocations_of_tile(target.caps), wanted_invocations(elements / 4, target.caps));
}

Grid channel_grid(const Shape& shape, const DeviceCaps& caps) {
  const uint64_t elements = shape.element_count();
  const bool is_vec4 = shape.last() % 4 == 0;
  return cut(elements, shape.last(), is_vec4, invocations_of_tile(caps),
             wanted_invocations(is_vec4 ? elements / 4 : elements, caps));
}

Grid reduction_grid(const Shape& shape) {
  constexpr uint64_t kEnoughInFlight = 8192, kMostBlocks = 512, kFewestRowsEach = 8;
  const bool is_vec4 = shape.last() % 4 == 0;
  const uint64_t items_per_row = is_vec4 ? shape.last() / 4 : shape.last();
  const uint64_t rows = shape.row_count();
  const uint64_t blocks = std::min({kMostBlocks, ceil_div(kEnoughInFlight, std::max<uint64_t>(items_per_row, 1)),
                                    ceil_div(std::max<uint64_t>(rows, 1), kFewestRowsEach)});
  return cut(shape.element_count(), shape.last(), is_vec4, blocks * items_per_row, blocks * items_per_row);
}

// Columns of up to 256 bytes, whole lines of memory; at least 8 rows to an invocation.
ColumnGrid column_grid(const Shape& shape) {
  constexpr uint32_t kWidestColumn = 16, kEnoughWorkgroups = 128, kFewestRowsEach = 8;
  ColumnGrid grid;
  grid.is_vec4 = shape.last() % 4 == 0;
  grid.channels = grid.is_vec4 ? shape.last() / 4 : shape.last();
  grid.column = std::min(kWidestColumn, std::bit_ceil(grid.channels));
  grid.columns = ceil_div(grid.channels, grid.column);
  const uint64_t rows_of_slice = uint64_t{ColumnGrid::kWidth / grid.column} * kFewestRowsEach;
  const uint64_t slices = std::min<uint64_t>(ceil_div(kEnoughWorkgroups, grid.columns),
                                             ceil_div(std::max<uint64_t>(shape.row_count(), 1), rows_of_slice));
  grid.slices = narrow<uint32_t>(slices);
  grid.groups = groups_for(uint64_t{grid.columns} * slices, 1);
  LOWTIDE_CHECK(grid.groups.y == 1, "more channels than one dispatch has workgroups for");
  return grid;
}

}  // namespace lowtide::ops
