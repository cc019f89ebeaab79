// SPDX-License-Identifier: Apache-2.0
// The pooling window of pooled_signs. Needs PooledSignsParams p.
#ifndef LOWTIDE_POOLED_SIGNS_WINDOW_GLSL
#define LOWTIDE_POOLED_SIGNS_WINDOW_GLSL

layout(constant_id = 1) const uint kernel_h = 2;
layout(constant_id = 2) const uint kernel_w = 2;
layout(constant_id = 3) const uint stride_h = 2;
layout(constant_id = 4) const uint stride_w = 2;
layout(constant_id = 5) const uint pad_h = 0;
layout(constant_id = 6) const uint pad_w = 0;

// Position r of a window of y along one axis, in x. Every window holds a pixel of x, so that the nearest pixel of x, which
// stands for one in the padding, is in the window too and changes no maximum.
uint pixel_of(uint o, uint r, uint stride, uint pad, uint extent) {
  return uint(clamp(int(o * stride + r) - int(pad), 0, int(extent) - 1));
}

// Index of the first channel of the pixel of x at (r, s) of the window of pixel `row` of y.
uint x_first(uint row, uint r, uint s) {
  const uint image = row / (p.oh * p.ow), oy = row / p.ow % p.oh, ox = row % p.ow;
  return ((image * p.h + pixel_of(oy, r, stride_h, pad_h, p.h)) * p.w + pixel_of(ox, s, stride_w, pad_w, p.w)) * p.c;
}

#endif
