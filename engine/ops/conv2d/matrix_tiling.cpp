// SPDX-License-Identifier: Apache-2.0
// The list of tiles and the cost that picks one.
#include "engine/ops/conv2d/matrix_tiling.hpp"

#include <algorithm>
#include <array>

#include "engine/base/ints.hpp"

namespace lowtide::ops {
namespace {

struct Shape {
  uint32_t subgroup_rows, subgroup_columns, row_fragments, column_fragments;
};

// Large ones load least per product, small ones waste least at edges and fill the device with little work.
constexpr std::array kShapes = {
    Shape{2, 4, 4, 2}, Shape{2, 2, 4, 2}, Shape{4, 1, 2, 2}, Shape{2, 2, 2, 2},
    Shape{2, 1, 2, 2}, Shape{4, 1, 2, 1}, Shape{2, 1, 2, 1}, Shape{1, 1, 1, 1},
};
constexpr uint64_t kFullDevice = 128;  // workgroups that a large device runs at once, about

uint64_t shared_bytes(const MatrixTile& tile, const MatrixShape& matrix, bool is_weight) {
  const uint64_t pad = 8;  // elements of f16, per row
  // Rows of w's tile are lanes or, in backward_input, reduced channels.
  const uint64_t weights = std::max(tile.columns * (tile.step + pad), tile.step * (tile.columns + pad));
  const uint64_t operands =
      is_weight ? uint64_t{tile.step} * (tile.rows + tile.columns + 2 * pad) : tile.rows * (tile.step + pad) + weights;
  const uint64_t staged = uint64_t{tile.subgroup_rows} * tile.subgroup_columns * matrix.m * matrix.n;
  return 2 * operands + 4 * staged + (is_weight ? 0 : 4 * uint64_t{tile.rows});
}

// Time in arbitrary units: padded products, dearer where each loaded operand serves fewer of them, times the share of
// the device that idles.
double cost_of(const MatrixTile& tile, const MatrixWork& work) {
  const uint64_t row_tiles = ceil_div(work.rows, uint64_t{tile.rows});
  const uint64_t column_tiles = ceil_div(work.columns, tile.columns);
  const double sums = static_cast<double>(row_tiles * tile.rows) * static_cast<double>(column_tiles * tile.columns);
  const double loads = 1.0 + 32.0 / tile.rows + 32.0 / tile.columns;
  const double tiles = static_cast<double>(row_tiles * column_tiles);
  const double full = work.is_weight ? 1.0 : static_cast<double>(kFullDevice);  // weight gradients are cut in slices
  return sums * loads * std::max(1.0, full / tiles);
}

}  // namespace

MatrixTile choose_matrix_tile(const MatrixWork& work, const DeviceCaps& caps) {
  MatrixTile best;
  const MatrixShape& matrix = caps.matrix_f16;
  if (matrix.m == 0) return best;
  double best_cost = 0;
  for (const Shape& shape : kShapes) {
    MatrixTile tile = {.width = shape.subgroup_rows * shape.subgroup_columns * caps.subgroup_size,
                       .subgroup_rows = shape.subgroup_rows,
                       .subgroup_columns = shape.subgroup_columns,
                       .row_fragments = shape.row_fragments,
                       .column_fragments = shape.column_fragments,
                       .step = work.reduced > 16 ? 32u : 16u};
    tile.step = round_up(tile.step, matrix.k);
    tile.rows = shape.subgroup_rows * shape.row_fragments * matrix.m;
    tile.columns = shape.subgroup_columns * shape.column_fragments * matrix.n;
    if (tile.width > caps.max_workgroup_invocations || tile.width > caps.max_workgroup_size[0]) continue;
    if (shared_bytes(tile, matrix, work.is_weight) > caps.max_shared_bytes) continue;
    const double cost = cost_of(tile, work);
    if (best.width != 0 && cost >= best_cost) continue;
    best = tile;
    best_cost = cost;
  }
  return best;
}

uint32_t choose_matrix_slices(uint64_t reduced, uint64_t tiles, const MatrixTile& tile) {
  const uint64_t wanted = ceil_div(2 * kFullDevice, std::max<uint64_t>(tiles, 1));
  // Below some turns the first loads of a slice, which nothing hides, and its sums in memory would dominate.
  const uint64_t most = std::max<uint64_t>(reduced / (uint64_t{8} * tile.step), 1);
  return static_cast<uint32_t>(std::min(wanted, most));
}

}  // namespace lowtide::ops
