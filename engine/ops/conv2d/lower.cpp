// SPDX-License-Identifier: Apache-2.0
// conv2d: geometry to dispatches of the tuned kernels. Which variant runs where is decided by the three lists at the
// end.
#include "engine/ops/conv2d/lower.hpp"

#include <algorithm>

#include "engine/ops/conv2d/grouped.hpp"
#include "engine/ops/conv2d/lower_matrix.hpp"
#include "engine/ops/conv2d/tiling.hpp"
#include "engine/ops/select.hpp"
#include "gen/kernels/conv2d.hpp"
#include "shaders/conv2d/conv2d.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

// A convolution that looks at single pixels sees no rows: one image of one row, whatever the pixels are.
Conv2dGeometry without_rows(Conv2dGeometry g) {
  const Conv2dParams& p = g.params;
  if (g.r != 1 || g.s != 1 || p.stride_h != 1 || p.stride_w != 1 || p.pad_h != 0 || p.pad_w != 0) return g;
  g.w = g.ow = g.n * g.h * g.w;
  g.n = g.h = g.oh = 1;
  return g;
}

// Everything that forward and backward_input share (shaders/conv2d/tile.glsl).
template <class Kernel>
void add_gather(Kernel kernel, shaders::Conv2dTileParams params, const GatherWork& work, const GatherTile& tile,
                DispatchList& out) {
  kernel.spec.width = tile.lanes;
  kernel.spec.tile_images = tile.images;
  kernel.spec.tile_columns = tile.columns;
  kernel.spec.step_channels = tile.step;
  kernel.spec.destination_width = work.width;
  kernel.spec.kernel_width = work.taps;
  const uint64_t workgroups = uint64_t{work.groups} * ceil_div(work.group_lanes, tile.lanes) *
                              ceil_div(work.width, tile.columns) * work.height * ceil_div(work.images, tile.images);
  params.images = work.images;
  params.destination_height = work.height;
  params.destination_channels = work.groups * work.group_lanes;
  params.group_lanes = work.group_lanes;
  params.group_reduced = work.group_reduced;
  params.workgroups = narrow<uint32_t>(workgroups);
  out.add(kernel, params, groups_for(workgroups, 1));
}

// Everything that both tuned forms of backward_weight share: `workgroups` for each slice, `sums` of a lane.
template <class Kernel>
void add_sliced(Kernel kernel, const Conv2dGeometry& g, uint64_t workgroups, uint32_t slices, uint32_t sums,
                const DeviceCaps& caps, DispatchList& out) {
  const Conv2dParams& p = g.params;
  const ValueId dw = kernel.dw;
  const SliceTarget target = summing_target(g, dw, slices, workgroups, sums, caps, out);
  kernel.dw = target.dw;
  kernel.partials = target.partials;
  kernel.counters = target.counters;
  kernel.spec.sums_slices = target.sums_slices ? 1 : 0;
  const shaders::Conv2dBackwardWeightParams params = {.images = g.n,
                                                      .x_height = g.h,
                                                      .dy_height = g.oh,
                                                      .group_c = g.group_c(),
                                                      .groups = p.groups,
                                                      .kernel_height = g.r,
                                                      .stride_h = p.stride_h,
                                                      .dilation_h = p.dilation_h,
                                                      .pad_h = p.pad_h,
                                                      .slices = slices,
                                                      .slice_words = narrow<uint32_t>(g.w_count()),
                                                      .workgroups = narrow<uint32_t>(workgroups * slices),
                                                      .scale = target.scale};
  out.add(kernel, params, groups_for(params.workgroups, 1));
  if (!target.sums_slices) add_slice_sum(g, kernel.dw, dw, slices, out);
}

}  // namespace

WeightWork weight_work(const Conv2dGeometry& g) {
  return {g.n, g.h, g.w, g.oh, g.ow, g.params.stride_w, g.params.groups, g.group_c(), g.group_k(), g.r, g.s};
}

bool tuned_pays(const Conv2dGeometry& g, const DeviceCaps& caps) {
  return unrolls_loops(caps) || g.multiply_adds() < (1u << 22);
}

namespace {

// Without an epilogue y holds the sums times output_scale.
void add_tuned_forward(const Conv2dGeometry& geometry, ValueId x, ValueId w, const Epilogue* epilogue, ValueId y,
                       const DeviceCaps& caps, uint32_t sums, DispatchList& out) {
  const Conv2dGeometry g = without_rows(geometry);
  const Conv2dParams& p = g.params;
  const uint32_t group_c = g.group_c(), group_k = g.group_k(), taps = g.r * g.s;
  const GatherWork work = {g.n, g.oh, g.ow, 1, p.groups, group_k, group_c, g.s};

  shaders::Conv2dTileParams params = {};
  params.source_height = g.h;
  params.kernel_height = g.r;
  params.row_numerator = static_cast<int32_t>(p.stride_h);
  params.row_denominator = 1;
  params.row_step = static_cast<int32_t>(p.dilation_h);
  params.row_offset = negative(p.pad_h);
  params.scale = p.output_scale;
  params.w_group = group_k * taps * group_c;
  params.w_lane = taps * group_c;
  params.w_reduced = 1;
  if (!caps.is_software()) {  // there, a strided load costs no more than a contiguous one
    w = add_transposed_weight(g, w, out);
    params.w_lane = 1;
    params.w_reduced = group_k;
  }
  params.w_tap = group_c * params.w_reduced;
  params.w_row = g.s * params.w_tap;

  const auto add = [&](auto kernel) {
    kernel.x = x;
    kernel.w = w;
    kernel.y = y;
    kernel.spec.source_channels = g.c;
    kernel.spec.source_width = g.w;
    kernel.spec.column_numerator = static_cast<int32_t>(p.stride_w);
    kernel.spec.tap_step = static_cast<int32_t>(p.dilation_w);
    kernel.spec.column_offset = negative(p.pad_w);
    add_gather(kernel, params, work, choose_gather_tile(work, caps, sums), out);
  };
  if (epilogue == nullptr) {
    add(kernels::conv2d_forward{});
    return;
  }
  params.lo = epilogue->lo;
  params.hi = epilogue->hi;
  const ValueId m = epilogue->multiplier, o = epilogue->offset;
  if (epilogue->table.is_valid()) {
    add(kernels::conv2d_forward_affine_pixels{.multiplier = m, .offset = o, .table = epilogue->table});
  } else {
    add(kernels::conv2d_forward_affine{.multiplier = m, .offset = o});
  }
}

void lower_tuned_affine(const Conv2dGeometry& g, ValueId x, ValueId w, const Epilogue& epilogue, ValueId y,
                        const DeviceCaps& caps, DispatchList& out) {
  add_tuned_forward(g, x, w, &epilogue, y, caps, 0, out);
}

}  // namespace

void lower_tuned_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                         DispatchList& out) {
  add_tuned_forward(g, x, w, nullptr, y, caps, 0, out);
}

namespace {

void add_tuned_backward_input(const Conv2dGeometry& geometry, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                              uint32_t sums, DispatchList& out) {
  const Conv2dGeometry g = without_rows(geometry);
  const Conv2dParams& p = g.params;
  const uint32_t group_c = g.group_c(), group_k = g.group_k(), taps = g.r * g.s;
  const GatherWork work = {g.n, g.h, g.w, p.stride_w, p.groups, group_c, group_k, g.s};

  shaders::Conv2dTileParams params = {};
  params.source_height = g.oh;
  params.kernel_height = g.r;
  params.row_numerator = 1;
  params.row_denominator = static_cast<int32_t>(p.stride_h);
  params.row_step = negative(p.dilation_h);
  params.row_offset = static_cast<int32_t>(p.pad_h);
  params.scale = p.output_scale;
  params.w_group = group_k * taps * group_c;
  params.w_row = g.s * group_c;
  params.w_tap = group_c;
  params.w_reduced = taps * group_c;
  params.w_lane = 1;

  kernels::conv2d_backward_input kernel{.dy = dy, .w = w, .dx = dx};
  kernel.spec.source_channels = g.k;
  kernel.spec.source_width = g.ow;
  kernel.spec.column_denominator = static_cast<int32_t>(p.stride_w);
  kernel.spec.tap_step = negative(p.dilation_w);
  kernel.spec.column_offset = static_cast<int32_t>(p.pad_w);
  add_gather(kernel, params, work, choose_gather_tile(work, caps, sums), out);
}

}  // namespace

void lower_tuned_backward_input(const Conv2dGeometry& geometry, ValueId w, ValueId dy, ValueId dx,
                                const DeviceCaps& caps, DispatchList& out) {
  add_tuned_backward_input(geometry, w, dy, dx, caps, 0, out);
}

void lower_tuned_backward_weight(const Conv2dGeometry& geometry, ValueId x, ValueId dy, ValueId dw,
                                 const DeviceCaps& caps, DispatchList& out) {
  const Conv2dGeometry g = without_rows(geometry);
  const Conv2dParams& p = g.params;
  const WeightTile tile = choose_weight_tile(weight_work(g), caps);
  const uint64_t workgroups =
      uint64_t{p.groups} * ceil_div(g.group_c(), tile.lanes) * ceil_div(g.group_k(), tile.out) * g.r;
  const auto add = [&](auto kernel) {
    kernel.x = x;
    kernel.dy = dy;
    kernel.dw = dw;
    kernel.spec = {.width = tile.lanes,
                   .tile_out = tile.out,
                   .tile_columns = tile.columns,
                   .x_channels = g.c,
                   .dy_channels = g.k,
                   .x_width = g.w,
                   .dy_width = g.ow,
                   .kernel_width = g.s,
                   .stride = static_cast<int32_t>(p.stride_w),
                   .dilation = static_cast<int32_t>(p.dilation_w),
                   .pad = static_cast<int32_t>(p.pad_w),
                   .group_k = g.group_k()};
    add_sliced(kernel, g, workgroups, tile.slices, tile.out * g.s, caps, out);
  };
  if (g.has_codes) {
    add(kernels::conv2d_backward_weight_codes{});
  } else {
    add(kernels::conv2d_backward_weight{});
  }
}

void lower_narrow_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                  DispatchList& out) {
  const Conv2dParams& p = g.params;
  const NarrowTile tile = choose_narrow_tile(weight_work(g), caps);
  kernels::conv2d_backward_weight_narrow kernel{.x = x, .dy = dy, .dw = dw};
  kernel.spec = {.width = tile.lanes,
                 .tile_rows = tile.rows,
                 .tile_columns = tile.columns,
                 .x_channels = g.c,
                 .dy_channels = g.k,
                 .x_width = g.w,
                 .dy_width = g.ow,
                 .kernel_width = g.s,
                 .stride = static_cast<int32_t>(p.stride_w),
                 .dilation = static_cast<int32_t>(p.dilation_w),
                 .pad = static_cast<int32_t>(p.pad_w),
                 .group_k = g.group_k(),
                 .group_c = g.group_c()};
  const uint64_t workgroups = uint64_t{p.groups} * ceil_div(g.group_k(), tile.lanes) * ceil_div(g.r, tile.rows);
  add_sliced(kernel, g, workgroups, tile.slices, tile.rows * g.s * g.group_c(), caps, out);
}

namespace {

// Lanes run along the channels of one group: where there are very few and grouped.cpp does not take them, the naive
// kernels, whose lanes cross groups, are faster.
bool fits_forward(const Conv2dGeometry& g, const DeviceCaps& caps) {
  return (g.group_k() >= 4 || g.params.groups == 1) && tuned_pays(g, caps);
}
bool fits_backward(const Conv2dGeometry& g, const DeviceCaps& caps) {
  return (g.group_c() >= 4 || g.params.groups == 1) && tuned_pays(g, caps);
}
bool fits_narrow(const Conv2dGeometry& g, const DeviceCaps& caps) {
  return fits_narrow_tile(weight_work(g)) && tuned_pays(g, caps);
}
bool always(const Conv2dGeometry&, const DeviceCaps&) {
  return true;
}

// In other tiles than the rules choose.
template <uint32_t kSums>
void lower_forward_of(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                      DispatchList& out) {
  add_tuned_forward(g, x, w, nullptr, y, caps, kSums, out);
}
template <uint32_t kSums>
void lower_backward_input_of(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                             DispatchList& out) {
  add_tuned_backward_input(g, w, dy, dx, caps, kSums, out);
}

struct Variant {
  const char* name;
  FeatureMask features;
  bool (*fits)(const Conv2dGeometry& g, const DeviceCaps& caps);
  void (*lower)(const Conv2dGeometry& g, ValueId in0, ValueId in1, ValueId result, const DeviceCaps& caps,
                DispatchList& out);
};
constexpr Variant kForward[] = {{"matrix", kMatrixFeatures, fits_matrix, lower_matrix_forward},
                                {"depthwise", 0, fits_depthwise, lower_depthwise_forward},
                                {"grouped", 0, fits_grouped_forward, lower_grouped_forward},
                                {"direct", 0, fits_forward, lower_tuned_forward},
                                {"direct_128", 0, fits_forward, lower_forward_of<128>},
                                {"direct_64", 0, fits_forward, lower_forward_of<64>},
                                {"direct_32", 0, fits_forward, lower_forward_of<32>},
                                {"direct_16", 0, fits_forward, lower_forward_of<16>},
                                {"naive", 0, always, lower_naive_forward}};

// Only what conv2d itself would run with, see fuses_affine.
struct AffineVariant {
  const char* name;
  FeatureMask features;
  bool (*fits)(const Conv2dGeometry& g, const DeviceCaps& caps);
  void (*lower)(const Conv2dGeometry& g, ValueId x, ValueId w, const Epilogue& epilogue, ValueId y,
                const DeviceCaps& caps, DispatchList& out);
};
constexpr AffineVariant kAffine[] = {{"direct", 0, fits_forward, lower_tuned_affine},
                                     {"naive", 0, always, lower_naive_affine}};

constexpr Variant kBackwardInput[] = {{"matrix", kMatrixFeatures, fits_matrix, lower_matrix_backward_input},
                                      {"depthwise", 0, fits_depthwise, lower_depthwise_backward_input},
                                      {"grouped", 0, fits_grouped_backward_input, lower_grouped_backward_input},
                                      {"direct", 0, fits_backward, lower_tuned_backward_input},
                                      {"direct_128", 0, fits_backward, lower_backward_input_of<128>},
                                      {"direct_64", 0, fits_backward, lower_backward_input_of<64>},
                                      {"direct_32", 0, fits_backward, lower_backward_input_of<32>},
                                      {"direct_16", 0, fits_backward, lower_backward_input_of<16>},
                                      {"naive", 0, always, lower_naive_backward_input}};
constexpr Variant kBackwardWeight[] = {{"matrix", kMatrixFeatures, fits_matrix, lower_matrix_backward_weight},
                                       {"depthwise", 0, fits_depthwise, lower_depthwise_backward_weight},
                                       {"grouped", 0, fits_grouped_backward_weight, lower_grouped_backward_weight},
                                       {"narrow", 0, fits_narrow, lower_narrow_backward_weight},
                                       {"direct", 0, fits_backward, lower_tuned_backward_weight},
                                       {"naive", 0, always, lower_naive_backward_weight}};

// Levels in scratch memory, for the variants that do not decode.
ValueId add_levels(const Conv2dGeometry& g, ValueId codes, DispatchList& out) {
  const ValueId levels = out.scratch(g.x_count() * 4);
  const kernels::conv2d_backward_weight_levels kernel{.codes = codes, .levels = levels};
  const auto words = narrow<uint32_t>(g.x_count() / 4);
  out.add(kernel, shaders::Conv2dLevelsParams{.words = words}, groups_for(words, kernel.local_size));
  return levels;
}

}  // namespace

Result<void> lower_conv2d(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Conv2dGeometry g = conv2d_geometry(node, graph);
  const ValueId x = g.has_codes ? add_levels(g, node.in(0), out) : node.in(0);
  select_variant(kForward, target, g, target.caps).lower(g, x, node.in(1), node.out(), target.caps, out);
  return {};
}

Result<void> lower_conv2d_affine(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Conv2dGeometry g = conv2d_geometry(node, graph);
  const auto p = node.params<Conv2dAffineOpParams>();
  const Epilogue epilogue = {node.in(2), node.in(3), p.lo, p.hi, g.has_codes ? node.in(4) : ValueId()};
  select_variant(kAffine, target, g, target.caps)
      .lower(g, node.in(0), node.in(1), epilogue, node.out(), target.caps, out);
  return {};
}

bool fuses_affine(const Node& node, const Graph& graph, const LowerTarget& target) {
  const Conv2dGeometry g = conv2d_geometry(node, graph);
  const auto lower = select_variant(kForward, target, g, target.caps).lower;
  return lower == lower_tuned_forward || lower == lower_naive_forward;
}

Result<void> lower_conv2d_backward_input(const Node& node, const Graph& graph, const LowerTarget& target,
                                         DispatchList& out) {
  const Conv2dGeometry g = conv2d_geometry(node, graph);
  select_variant(kBackwardInput, target, g, target.caps).lower(g, node.in(0), node.in(1), node.out(), target.caps, out);
  return {};
}

Result<void> lower_conv2d_backward_weight(const Node& node, const Graph& graph, const LowerTarget& target,
                                          DispatchList& out) {
  const Conv2dGeometry g = conv2d_geometry(node, graph);
  const Variant& variant = select_variant(kBackwardWeight, target, g, target.caps);
  const bool decodes = variant.lower == lower_tuned_backward_weight || variant.lower == lower_naive_backward_weight;
  const ValueId x = g.has_codes && !decodes ? add_levels(g, node.in(0), out) : node.in(0);
  variant.lower(g, x, node.in(1), node.out(), target.caps, out);
  return {};
}

}  // namespace lowtide::ops
