// SPDX-License-Identifier: Apache-2.0
// The constants come from the cost of a workgroup on software drivers (0.07 us of 64 lanes on llvmpipe, 0.25 us on
// SwiftShader: as much as thousands of elements) and from the invocations that a large GPU wants in flight.
#include "engine/ops/grid.hpp"

#include <algorithm>

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

}  // namespace

Grid naive_grid(const Shape& shape) {
  return cut(shape.element_count(), shape.last(), false, shape.element_count(), shape.element_count());
}

Grid element_grid(const Shape& shape, const DeviceCaps& caps) {
  const uint64_t elements = shape.element_count();
  const bool is_vec4 = elements % 4 == 0;
  return cut(elements, 1, is_vec4, Grid::kWidth, wanted_invocations(is_vec4 ? elements / 4 : elements, caps));
}

Grid vec4_grid(const Shape& shape, uint64_t row_length, const graph::LowerTarget& target) {
  if (target.naive_only || row_length % 4 != 0) return naive_grid(shape);
  return element_grid(shape, target.caps);
}

Grid channel_grid(const Shape& shape, const DeviceCaps& caps) {
  const uint64_t elements = shape.element_count();
  const bool is_vec4 = shape.last() % 4 == 0;
  return cut(elements, shape.last(), is_vec4, Grid::kWidth,
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

}  // namespace lowtide::ops
