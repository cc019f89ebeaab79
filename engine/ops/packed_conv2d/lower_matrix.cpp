// SPDX-License-Identifier: Apache-2.0
// Tiles of packed layers for cooperative matrices, and when they are taken.
#include "engine/ops/packed_conv2d/lower_matrix.hpp"

#include <algorithm>
#include <array>

#include "engine/ops/packed_conv2d/lower_variants.hpp"
#include "gen/kernels/packed_conv2d.hpp"

namespace lowtide::ops {
namespace {

struct Shape {
  uint32_t subgroup_rows, subgroup_columns, row_fragments, column_fragments;
};

// Large ones load and unpack least per product, small ones waste least at edges and fill the device with little work.
constexpr std::array kShapes = {Shape{2, 4, 4, 2}, Shape{2, 2, 4, 2}, Shape{4, 1, 2, 2}, Shape{2, 2, 2, 2},
                                Shape{4, 1, 2, 4}, Shape{2, 1, 2, 2}, Shape{2, 1, 2, 4}, Shape{1, 1, 2, 2},
                                Shape{1, 1, 1, 2}, Shape{1, 1, 1, 4}};
constexpr uint64_t kFullDevice = 128;  // workgroups that a large device runs at once, about

uint64_t pixels_of(const PackedLayer& l) {
  return uint64_t{l.n} * l.oh * l.ow;
}

uint64_t tiles_of(const PackedMatrixTile& tile, const PackedLayer& l) {
  return ceil_div(pixels_of(l), uint64_t{tile.rows}) * l.params.groups * ceil_div(l.group_k(), tile.columns);
}

// As forward_matrix.comp declares it: operands, sums on their way out, sums of levels, packed output.
uint64_t shared_bytes(const PackedMatrixTile& tile, const PackedLayer& l, const MatrixShape& matrix) {
  const uint64_t edges = uint64_t{tile.rows} + tile.columns;
  const uint64_t operands = edges * (8 * tile.step_words + 4);
  const uint64_t staged = uint64_t{tile.subgroup_rows} * tile.subgroup_columns * matrix.m * matrix.n;
  const bool is_packed_out = l.params.output == PackedOutput::codes;
  const uint64_t codes = is_packed_out ? uint64_t{tile.rows} * (tile.columns / 32) * l.params.output_bits : 0;
  return 4 * (operands + staged + edges + codes);
}

// Time in arbitrary units: padded products, dearer where each unpacked word serves fewer of them, times the share of
// the device that idles.
double cost_of(const PackedMatrixTile& tile, const PackedLayer& l) {
  const auto tiles = static_cast<double>(tiles_of(tile, l));
  const double sums = tiles * tile.rows * tile.columns;
  const double loads = 1.0 + 32.0 / tile.rows + 32.0 / tile.columns;
  return sums * loads * std::max(1.0, static_cast<double>(kFullDevice) / tiles);
}

template <class Kernel>
void add_matrix(Kernel kernel, const PackedLayer& l, const DeviceCaps& caps, DispatchList& out) {
  const PackedMatrixTile tile = choose_packed_matrix_tile(l, caps);
  kernel.spec = {.width = tile.width,
                 .matrix_m = caps.matrix_s8.m,
                 .matrix_n = caps.matrix_s8.n,
                 .matrix_k = caps.matrix_s8.k,
                 .subgroup_rows = tile.subgroup_rows,
                 .subgroup_columns = tile.subgroup_columns,
                 .row_fragments = tile.row_fragments,
                 .column_fragments = tile.column_fragments,
                 .step_words = tile.step_words,
                 .x_planes = l.x_bits,
                 .w_planes = l.w_bits,
                 .kinds = packed_kinds(l),
                 .c_words = l.c_words(),
                 .kernel_w = l.params.kernel_w,
                 .y_planes = l.params.output == PackedOutput::codes ? l.params.output_bits : 1};
  out.add(kernel, packed_params(l), groups_for(tiles_of(tile, l), 1));
}

}  // namespace

PackedMatrixTile choose_packed_matrix_tile(const PackedLayer& l, const DeviceCaps& caps) {
  PackedMatrixTile best;
  const MatrixShape& matrix = caps.matrix_s8;
  if (matrix.m == 0 || 32 % matrix.k != 0 || matrix.k % 4 != 0) return best;
  double best_cost = 0;
  for (const Shape& shape : kShapes) {
    PackedMatrixTile tile = {.width = shape.subgroup_rows * shape.subgroup_columns * caps.subgroup_size,
                             .subgroup_rows = shape.subgroup_rows,
                             .subgroup_columns = shape.subgroup_columns,
                             .row_fragments = shape.row_fragments,
                             .column_fragments = shape.column_fragments,
                             .step_words = l.params.kernel_h * l.params.kernel_w * l.c_words() > 1 ? 2u : 1u};
    tile.rows = shape.subgroup_rows * shape.row_fragments * matrix.m;
    tile.columns = shape.subgroup_columns * shape.column_fragments * matrix.n;
    if (tile.columns % 32 != 0) continue;
    if (tile.width > caps.max_workgroup_invocations || tile.width > caps.max_workgroup_size[0]) continue;
    if (shared_bytes(tile, l, matrix) > caps.max_shared_bytes) tile.step_words = 1;
    if (shared_bytes(tile, l, matrix) > caps.max_shared_bytes) continue;
    const double cost = cost_of(tile, l);
    if (best.width != 0 && cost >= best_cost) continue;
    best = tile;
    best_cost = cost;
  }
  return best;
}

bool fits_matrix(const PackedLayer& l, const DeviceCaps& caps) {
  constexpr FeatureMask kNeeded =
      bit(Feature::int8) | bit(Feature::cooperative_matrix) | bit(Feature::cooperative_matrix_int8);
  return caps.has(kNeeded) && has_whole_words(l) && choose_packed_matrix_tile(l, caps).width != 0;
}

bool prefers_matrix(const PackedLayer& l, const DeviceCaps& caps) {
  // NVIDIA from Turing on: 1-bit products by 8-bit matrices at 3 to 4.6 times the rate of bit counts (derived from
  // data sheets, not measured). Elsewhere bit counts may win, as on RDNA3 by 4 times: tuning decides. Counting
  // 5 * 10^8 pairs of bits takes such a device some 4 microseconds, what a dispatch costs at least.
  constexpr double kComputeBound = 5e8;
  const double bit_products = static_cast<double>(l.multiply_adds()) * l.x_bits * l.w_bits;
  return caps.vendor_id == kNvidia && !caps.is_software() && bit_products >= kComputeBound && fits_matrix(l, caps);
}

void lower_matrix(const graph::Node& node, const PackedLayer& l, const DeviceCaps& caps, DispatchList& out) {
  if (l.params.output == PackedOutput::codes) {
    add_matrix(with_bindings<kernels::packed_conv2d_forward_matrix>(node, l), l, caps, out);
  } else {
    add_matrix(with_bindings<kernels::packed_conv2d_forward_matrix_f32>(node, l), l, caps, out);
  }
}

}  // namespace lowtide::ops
