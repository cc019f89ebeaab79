// SPDX-License-Identifier: Apache-2.0
// Grouped and depthwise convolutions: geometry to dispatches.
#include "engine/ops/conv2d/grouped.hpp"

#include "engine/ops/conv2d/lower.hpp"
#include "engine/ops/conv2d/tiling.hpp"
#include "gen/kernels/conv2d.hpp"
#include "shaders/conv2d/conv2d.params.h"

namespace lowtide::ops {
namespace {

// Where destination pixel d and kernel position t look: (d * numerator + t * step + offset) / denominator.
struct Axis {
  uint32_t source, destination, numerator, denominator;
  int32_t step, offset;
};

struct Axes {
  Axis rows, columns;
};

Axes forward_axes(const Conv2dGeometry& g) {
  const Conv2dParams& p = g.params;
  return {{g.h, g.oh, p.stride_h, 1, static_cast<int32_t>(p.dilation_h), negative(p.pad_h)},
          {g.w, g.ow, p.stride_w, 1, static_cast<int32_t>(p.dilation_w), negative(p.pad_w)}};
}

Axes backward_axes(const Conv2dGeometry& g) {
  const Conv2dParams& p = g.params;
  return {{g.oh, g.h, 1, p.stride_h, negative(p.dilation_h), static_cast<int32_t>(p.pad_h)},
          {g.ow, g.w, 1, p.stride_w, negative(p.dilation_w), static_cast<int32_t>(p.pad_w)}};
}

// The fields of specialisation constants or push constants that say the same as the axes.
template <class Fields>
void set_axes(Fields& fields, const Axes& axes) {
  fields.row_numerator = static_cast<int32_t>(axes.rows.numerator);
  fields.row_denominator = static_cast<int32_t>(axes.rows.denominator);
  fields.row_step = axes.rows.step;
  fields.row_offset = axes.rows.offset;
  fields.column_numerator = static_cast<int32_t>(axes.columns.numerator);
  fields.column_denominator = static_cast<int32_t>(axes.columns.denominator);
  fields.column_step = axes.columns.step;
  fields.column_offset = axes.columns.offset;
}

struct WeightStrides {
  uint32_t group, lane, tap, reduced;
};

// Forward and backward_input of few channels per group; `lanes`, `reduced`: destination and source channels of a group.
template <class Kernel>
void add_grouped(Kernel kernel, const Conv2dGeometry& g, const Axes& axes, uint32_t lanes, uint32_t reduced,
                 const WeightStrides& w, const DeviceCaps& caps, DispatchList& out) {
  const GroupedTile tile = choose_grouped_tile({.height = axes.rows.destination,
                                                .width = axes.columns.destination,
                                                .row_granule = axes.rows.denominator,
                                                .column_granule = axes.columns.denominator,
                                                .taps = g.r * g.s},
                                               caps);
  kernel.spec.tile_rows = tile.rows;
  kernel.spec.tile_columns = tile.columns;
  kernel.spec.kernel_height = g.r;
  kernel.spec.kernel_width = g.s;
  kernel.spec.group_lanes = lanes;
  kernel.spec.group_reduced = reduced;
  set_axes(kernel.spec, axes);
  const uint32_t channels = lanes * g.params.groups;
  const uint32_t row_tiles = ceil_div(axes.rows.destination, tile.rows);
  const uint32_t column_tiles = ceil_div(axes.columns.destination, tile.columns);
  const uint64_t count = uint64_t{g.n} * row_tiles * column_tiles * channels;
  out.add(kernel,
          shaders::Conv2dGroupedParams{.source_height = axes.rows.source,
                                       .source_width = axes.columns.source,
                                       .source_channels = reduced * g.params.groups,
                                       .destination_height = axes.rows.destination,
                                       .destination_width = axes.columns.destination,
                                       .destination_channels = channels,
                                       .row_tiles = row_tiles,
                                       .column_tiles = column_tiles,
                                       .w_group = w.group,
                                       .w_lane = w.lane,
                                       .w_tap = w.tap,
                                       .w_reduced = w.reduced,
                                       .count = narrow<uint32_t>(count),
                                       .scale = g.params.output_scale},
          groups_for(count, kernel.local_size));
}

// [taps, c]: four channels of a tap are one load.
ValueId add_depthwise_transpose(const Conv2dGeometry& g, ValueId w, DispatchList& out) {
  Conv2dGeometry one_group = g;  // of one input channel and all output channels: the same elements in the same order
  one_group.c = one_group.params.groups = 1;
  return add_transposed_weight(one_group, w, out);
}

template <class Kernel>
void add_depthwise(const Kernel& kernel, const Conv2dGeometry& g, const Axes& axes, DispatchList& out) {
  const uint64_t count = uint64_t{g.n} * axes.rows.destination * axes.columns.destination * g.c / 4;
  shaders::Conv2dDepthwiseParams params = {};
  params.source_height = axes.rows.source;
  params.source_width = axes.columns.source;
  params.destination_height = axes.rows.destination;
  params.destination_width = axes.columns.destination;
  params.channels = g.c / 4;
  params.kernel_height = g.r;
  params.kernel_width = g.s;
  set_axes(params, axes);
  params.count = narrow<uint32_t>(count);
  params.scale = g.params.output_scale;
  out.add(kernel, params, groups_for(count, kernel.local_size));
}

constexpr uint32_t kMostTaps = 49;  // weights or sums that a lane holds

// Lanes over `channels` of one group would idle. `enough`: channels from which the other kernels are faster all the
// same on llvmpipe with 16 lanes. 16x28x28x128, 3x3, four channels per group: 4.8 ms here and 5.7 there towards the
// input, 12.7 and 10.7 towards the weights. GPUs, whose workgroups have 32 lanes, are not yet measured.
bool fits_grouped(const Conv2dGeometry& g, uint32_t channels, uint32_t enough, const DeviceCaps& caps) {
  const uint32_t limit = caps.is_software() ? enough : 16;
  return g.params.groups > 1 && channels < limit && g.r * g.s <= kMostTaps && tuned_pays(g, caps);
}

}  // namespace

bool fits_grouped_forward(const Conv2dGeometry& g, const DeviceCaps& caps) {
  return fits_grouped(g, g.group_k(), 8, caps);
}
bool fits_grouped_backward_input(const Conv2dGeometry& g, const DeviceCaps& caps) {
  return fits_grouped(g, g.group_c(), 8, caps);
}
bool fits_grouped_backward_weight(const Conv2dGeometry& g, const DeviceCaps& caps) {
  return fits_grouped(g, g.group_c(), 4, caps);
}
bool fits_depthwise(const Conv2dGeometry& g, const DeviceCaps& caps) {
  return !unrolls_loops(caps) && g.params.groups == g.c && g.c == g.k && g.c % 4 == 0;
}

void lower_grouped_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps& caps,
                           DispatchList& out) {
  const uint32_t taps = g.r * g.s, group_c = g.group_c(), group_k = g.group_k();
  add_grouped(kernels::conv2d_forward_grouped{.x = x, .w = w, .y = y}, g, forward_axes(g), group_k, group_c,
              {.group = group_k * taps * group_c, .lane = taps * group_c, .tap = group_c, .reduced = 1}, caps, out);
}

void lower_grouped_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps& caps,
                                  DispatchList& out) {
  const uint32_t taps = g.r * g.s, group_c = g.group_c(), group_k = g.group_k();
  add_grouped(kernels::conv2d_backward_input_grouped{.dy = dy, .w = w, .dx = dx}, g, backward_axes(g), group_c, group_k,
              {.group = group_k * taps * group_c, .lane = 1, .tap = group_c, .reduced = taps * group_c}, caps, out);
}

void lower_grouped_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                   DispatchList& out) {
  const Conv2dParams& p = g.params;
  const GroupedWeightTile tile = choose_grouped_weight_tile(weight_work(g), caps);
  const SliceTarget target = slice_target(g, dw, tile.slices, out);
  kernels::conv2d_backward_weight_grouped kernel{.x = x, .dy = dy, .dw = target.dw};
  kernel.spec.tile_columns = tile.columns;
  kernel.spec.kernel_height = g.r;
  kernel.spec.kernel_width = g.s;
  kernel.spec.stride = static_cast<int32_t>(p.stride_w);
  kernel.spec.dilation = static_cast<int32_t>(p.dilation_w);
  kernel.spec.pad = static_cast<int32_t>(p.pad_w);
  kernel.spec.group_c = g.group_c();
  kernel.spec.group_k = g.group_k();
  const uint64_t count = uint64_t{g.k} * g.group_c() * tile.slices;
  out.add(kernel,
          shaders::Conv2dGroupedWeightParams{.images = g.n,
                                             .x_height = g.h,
                                             .x_width = g.w,
                                             .x_channels = g.c,
                                             .dy_height = g.oh,
                                             .dy_width = g.ow,
                                             .dy_channels = g.k,
                                             .stride_h = p.stride_h,
                                             .dilation_h = p.dilation_h,
                                             .pad_h = p.pad_h,
                                             .slices = tile.slices,
                                             .slice_words = narrow<uint32_t>(g.w_count()),
                                             .count = narrow<uint32_t>(count),
                                             .scale = target.scale},
          groups_for(count, kernel.local_size));
  add_slice_sum(g, kernel.dw, dw, tile.slices, out);
}

void lower_depthwise_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps&,
                             DispatchList& out) {
  const ValueId wt = add_depthwise_transpose(g, w, out);
  add_depthwise(kernels::conv2d_forward_depthwise{.x = x, .wt = wt, .y = y}, g, forward_axes(g), out);
}

void lower_depthwise_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps&,
                                    DispatchList& out) {
  const ValueId wt = add_depthwise_transpose(g, w, out);
  add_depthwise(kernels::conv2d_backward_input_depthwise{.dy = dy, .wt = wt, .dx = dx}, g, backward_axes(g), out);
}

void lower_depthwise_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps& caps,
                                     DispatchList& out) {
  const Conv2dParams& p = g.params;
  const uint32_t slices = choose_depthwise_slices(weight_work(g), caps);
  const SliceTarget target = slice_target(g, dw, slices, out);
  const kernels::conv2d_backward_weight_depthwise kernel{.x = x, .dy = dy, .dw = target.dw};
  const uint64_t count = uint64_t{g.c / 4} * g.r * g.s * slices;
  out.add(kernel,
          shaders::Conv2dDepthwiseWeightParams{.images = g.n,
                                               .x_height = g.h,
                                               .x_width = g.w,
                                               .dy_height = g.oh,
                                               .dy_width = g.ow,
                                               .channels = g.c / 4,
                                               .kernel_height = g.r,
                                               .kernel_width = g.s,
                                               .stride_h = p.stride_h,
                                               .stride_w = p.stride_w,
                                               .pad_h = p.pad_h,
                                               .pad_w = p.pad_w,
                                               .dilation_h = p.dilation_h,
                                               .dilation_w = p.dilation_w,
                                               .slices = slices,
                                               .slice_words = narrow<uint32_t>(g.w_count()),
                                               .count = narrow<uint32_t>(count),
                                               .scale = target.scale},
          groups_for(count, kernel.local_size));
  add_slice_sum(g, kernel.dw, dw, slices, out);
}

}  // namespace lowtide::ops
