// SPDX-License-Identifier: Apache-2.0
// The readable kernels of the convolution ops, which take every geometry on every device.
#include "engine/ops/conv2d/lower.hpp"
#include "gen/kernels/conv2d.hpp"
#include "shaders/conv2d/conv2d.params.h"

namespace lowtide::ops {
namespace {

shaders::Conv2dNaiveParams naive_params(const Conv2dGeometry& g) {
  const Conv2dParams& p = g.params;
  return {.n = g.n,
          .h = g.h,
          .w = g.w,
          .c = g.c,
          .oh = g.oh,
          .ow = g.ow,
          .k = g.k,
          .r = g.r,
          .s = g.s,
          .stride_h = p.stride_h,
          .stride_w = p.stride_w,
          .pad_h = p.pad_h,
          .pad_w = p.pad_w,
          .dilation_h = p.dilation_h,
          .dilation_w = p.dilation_w,
          .group_c = g.group_c(),
          .group_k = g.group_k(),
          .scale = p.output_scale};
}

}  // namespace

void lower_naive_forward(const Conv2dGeometry& g, ValueId x, ValueId w, ValueId y, const DeviceCaps&,
                         DispatchList& out) {
  out.add(kernels::conv2d_forward_naive{.x = x, .w = w, .y = y}, naive_params(g),
          groups_for(g.y_count(), kernels::conv2d_forward_naive::local_size));
}

void lower_naive_affine(const Conv2dGeometry& g, ValueId x, ValueId w, const Epilogue& e, ValueId y, const DeviceCaps&,
                        DispatchList& out) {
  shaders::Conv2dNaiveParams params = naive_params(g);
  params.lo = e.lo;
  params.hi = e.hi;
  const Groups groups = groups_for(g.y_count(), kernels::conv2d_forward_affine_naive::local_size);
  const ValueId m = e.multiplier, o = e.offset;
  if (e.table.is_valid()) {
    out.add(
        kernels::conv2d_forward_affine_pixels_naive{
            .x = x, .w = w, .multiplier = m, .offset = o, .y = y, .table = e.table},
        params, groups);
  } else {
    out.add(kernels::conv2d_forward_affine_naive{.x = x, .w = w, .multiplier = m, .offset = o, .y = y}, params, groups);
  }
}

void lower_naive_backward_input(const Conv2dGeometry& g, ValueId w, ValueId dy, ValueId dx, const DeviceCaps&,
                                DispatchList& out) {
  out.add(kernels::conv2d_backward_input_naive{.dy = dy, .w = w, .dx = dx}, naive_params(g),
          groups_for(g.x_count(), kernels::conv2d_backward_input_naive::local_size));
}

void lower_naive_backward_weight(const Conv2dGeometry& g, ValueId x, ValueId dy, ValueId dw, const DeviceCaps&,
                                 DispatchList& out) {
  const Groups groups = groups_for(g.w_count(), kernels::conv2d_backward_weight_naive::local_size);
  if (g.has_codes) {
    out.add(kernels::conv2d_backward_weight_naive_codes{.x = x, .dy = dy, .dw = dw}, naive_params(g), groups);
  } else {
    out.add(kernels::conv2d_backward_weight_naive{.x = x, .dy = dy, .dw = dw}, naive_params(g), groups);
  }
}

}  // namespace lowtide::ops
