// SPDX-License-Identifier: Apache-2.0
// Geometry to dispatches of the cooperative-matrix kernels. A strided backward_input is cut into parity classes: pixels
// of dx whose rows (and columns) leave the same remainder by the stride meet the same taps, so that each class is a
// dense convolution of its own and no product is with zero.
#include "engine/ops/conv2d/lower_matrix.hpp"

#include <algorithm>
#include <numeric>

#include "engine/ops/conv2d/lower.hpp"
#include "engine/ops/conv2d/matrix_tiling.hpp"
#include "gen/kernels/conv2d.hpp"
#include "shaders/conv2d/conv2d.params.h"

namespace lowtide::ops {
namespace {

template <class Kernel>
void set_tile(Kernel& kernel, const MatrixTile& tile, const MatrixShape& matrix) {
  kernel.spec = {.width = tile.width,
                 .matrix_m = matrix.m,
                 .matrix_n = matrix.n,
                 .matrix_k = matrix.k,
                 .subgroup_rows = tile.subgroup_rows,
                 .subgroup_columns = tile.subgroup_columns,
                 .row_fragments = tile.row_fragments,
                 .column_fragments = tile.column_fragments,
                 .step_reduced = tile.step};
}

// One axis of one parity class of backward_input: destination = first + stride * i, source = i + j * step + offset for
// the j-th of `taps` taps, which is the kernel's tap first_tap + j * tap_stride.
struct ParityAxis {
  uint32_t grid = 0;
  uint32_t taps = 0, first_tap = 0, tap_stride = 1;
  int32_t step = 0, offset = 0;
};

ParityAxis parity_axis(uint32_t extent, uint32_t parity, uint32_t kernel, uint32_t stride, uint32_t pad,
                       uint32_t dilation) {
  ParityAxis axis;
  axis.grid = parity < extent ? ceil_div(extent - parity, stride) : 0;
  axis.tap_stride = stride / std::gcd(stride, dilation);
  const auto meets = [&](uint32_t tap) { return (parity + pad) % stride == uint64_t{tap} * dilation % stride; };
  while (axis.first_tap < std::min(kernel, axis.tap_stride) && !meets(axis.first_tap)) ++axis.first_tap;
  if (axis.first_tap >= std::min(kernel, axis.tap_stride)) {
    axis.first_tap = 0;  // no tap: the class is all zero
    return axis;
  }
  axis.taps = ceil_div(kernel - axis.first_tap, axis.tap_stride);
  const int64_t divisor = stride;
  axis.step = narrow<int32_t>(-int64_t{axis.tap_stride} * dilation / divisor);
  axis.offset = narrow<int32_t>((int64_t{parity} + pad - int64_t{axis.first_tap} * dilation) / divisor);
  return axis;
}

template <class Kernel>
void add_gather(Kernel kernel, shaders::Conv2dMatrixParams params, const DeviceCaps& caps, DispatchList& out) {
  const uint64_t pixels = uint64_t{params.images} * params.grid_height * params.grid_width;
  const uint64_t reduced = uint64_t{params.tap_rows} * params.tap_columns * params.group_reduced;
  const MatrixTile tile = choose_matrix_tile({pixels * params.groups, params.group_lanes, reduced}, caps);
  const uint64_t workgroups =
      ceil_div(pixels, uint64_t{tile.rows}) * params.groups * ceil_div(params.group_lanes, tile.columns);
  params.workgroups = narrow<uint32_t>(workgroups);
  set_tile(kernel, tile, caps.matrix_f16);
  out.add(kernel, params, groups_for(workgroups, 1));
}

}  // namespace

bool multiplies_matrices(const DeviceCaps& caps) {
  return caps.has(kMatrixFeatures) && !caps.is_software() && choose_matrix_tile({1, 1, 1, false}, caps).width != 0 &&
         choose_matrix_tile({1, 1, 1, true}, caps).width != 0;
}

bool fits_matrix(const Conv2dGeometry& g, const DeviceCaps& caps) {
  const bool is_thin = g.params.groups > 1 && (g.group_c() < 8 || g.group_k() < 8);
  return g.params.operands == Operands::f16 && !is_thin && g.group_c() % 4 == 0 && g.group_k() % 4 == 0 &&
         multiplies_matrices(caps);
}

void lower_matrix_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                          DispatchList& out) {
  const Conv2dParams& p = g.params;
  shaders::Conv2dMatrixParams params = {};
  params.images = g.n;
  params.grid_height = g.oh;
  params.grid_width = g.ow;
  params.groups = p.groups;
  params.source_height = g.h;
  params.source_width = g.w;
  params.source_channels = g.c;
  params.group_reduced = g.group_c();
  params.group_lanes = g.group_k();
  params.tap_rows = g.r;
  params.tap_columns = g.s;
  params.row_numerator = static_cast<int32_t>(p.stride_h);
  params.row_step = static_cast<int32_t>(p.dilation_h);
  params.row_offset = negative(p.pad_h);
  params.column_numerator = static_cast<int32_t>(p.stride_w);
  params.column_step = static_cast<int32_t>(p.dilation_w);
  params.column_offset = negative(p.pad_w);
  params.w_outer = g.r * g.s * g.group_c();
  params.w_group = g.group_k() * params.w_outer;
  params.w_tap_column = g.group_c();
  params.w_tap_row = g.s * g.group_c();
  params.destination_column = g.k;
  params.destination_row = g.ow * g.k;
  params.destination_image = g.oh * g.ow * g.k;
  params.scale = p.output_scale;
  add_gather(kernels::conv2d_forward_matrix{.source = x, .w = w, .destination = y}, params, caps, out);
}

void lower_matrix_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                                 DispatchList& out) {
  const Conv2dParams& p = g.params;
  const uint32_t taps = g.r * g.s, w_tap = g.group_c();
  for (uint32_t row = 0; row < p.stride_h; ++row) {
    const ParityAxis rows = parity_axis(g.h, row, g.r, p.stride_h, p.pad_h, p.dilation_h);
    for (uint32_t column = 0; column < p.stride_w; ++column) {
      const ParityAxis columns = parity_axis(g.w, column, g.s, p.stride_w, p.pad_w, p.dilation_w);
      if (rows.grid == 0 || columns.grid == 0) continue;
      shaders::Conv2dMatrixParams params = {};
      params.images = g.n;
      params.grid_height = rows.grid;
      params.grid_width = columns.grid;
      params.groups = p.groups;
      params.source_height = g.oh;
      params.source_width = g.ow;
      params.source_channels = g.k;
      params.group_reduced = g.group_k();
      params.group_lanes = g.group_c();
      params.tap_rows = rows.taps;
      params.tap_columns = columns.taps;
      params.row_numerator = params.column_numerator = 1;
      params.row_step = rows.step;
      params.row_offset = rows.offset;
      params.column_step = columns.step;
      params.column_offset = columns.offset;
      params.w_first = (rows.first_tap * g.s + columns.first_tap) * w_tap;
      params.w_group = g.group_k() * taps * g.group_c();
      params.w_outer = taps * g.group_c();
      params.w_tap_row = rows.tap_stride * g.s * w_tap;
      params.w_tap_column = columns.tap_stride * w_tap;
      params.destination_first = (row * g.w + column) * g.c;
      params.destination_image = g.h * g.w * g.c;
      params.destination_row = p.stride_h * g.w * g.c;
      params.destination_column = p.stride_w * g.c;
      params.scale = p.output_scale;
      add_gather(kernels::conv2d_backward_input_matrix{.source = dy, .w = w, .destination = dx}, params, caps, out);
    }
  }
}

void lower_matrix_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                  DispatchList& out) {
  const Conv2dParams& p = g.params;
  const uint64_t pixels = uint64_t{g.n} * g.oh * g.ow;
  const MatrixTile tile = choose_matrix_tile({g.group_k(), g.group_c(), pixels, true}, caps);
  const uint64_t tiles =
      uint64_t{p.groups} * g.r * g.s * ceil_div(g.group_k(), tile.rows) * ceil_div(g.group_c(), tile.columns);
  const uint32_t wanted = choose_matrix_slices(pixels, tiles, tile);
  const uint32_t slice_pixels = round_up(narrow<uint32_t>(ceil_div(pixels, uint64_t{wanted})), tile.step);
  const uint32_t slices = narrow<uint32_t>(ceil_div(pixels, uint64_t{slice_pixels}));
  const uint64_t sums = ceil_div(uint64_t{tile.rows} * tile.columns, tile.width);
  const SliceTarget target = summing_target(g, dw, slices, tiles, sums, caps, out);
  kernels::conv2d_backward_weight_matrix kernel{
      .x = x, .dy = dy, .dw = target.dw, .partials = target.partials, .counters = target.counters};
  set_tile(kernel, tile, caps.matrix_f16);
  kernel.spec.sums_slices = target.sums_slices ? 1 : 0;
  const shaders::Conv2dMatrixWeightParams params = {.images = g.n,
                                                    .x_height = g.h,
                                                    .x_width = g.w,
                                                    .dy_height = g.oh,
                                                    .dy_width = g.ow,
                                                    .groups = p.groups,
                                                    .group_c = g.group_c(),
                                                    .group_k = g.group_k(),
                                                    .kernel_height = g.r,
                                                    .kernel_width = g.s,
                                                    .stride_h = p.stride_h,
                                                    .stride_w = p.stride_w,
                                                    .dilation_h = p.dilation_h,
                                                    .dilation_w = p.dilation_w,
                                                    .pad_h = p.pad_h,
                                                    .pad_w = p.pad_w,
                                                    .slice_pixels = slice_pixels,
                                                    .slices = slices,
                                                    .slice_words = narrow<uint32_t>(g.w_count()),
                                                    .workgroups = narrow<uint32_t>(tiles * slices),
                                                    .scale = target.scale};
  out.add(kernel, params, groups_for(params.workgroups, 1));
  if (!target.sums_slices) add_slice_sum(g, kernel.dw, dw, slices, out);
}

}  // namespace lowtide::ops
