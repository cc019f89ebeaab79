// SPDX-License-Identifier: Apache-2.0
// What a window's sum is multiplied by. Needs window.glsl. Full windows take the host's correctly rounded reciprocal.
#ifndef LOWTIDE_POOL2D_AVERAGE_GLSL
#define LOWTIDE_POOL2D_AVERAGE_GLSL

// Elements of a window of `kernel` from `first` (in padded coordinates) that lie inside `extent`.
uint inside_count(uint first, uint kernel, uint pad, uint extent) {
  return min(first + kernel, extent + pad) - max(first, pad);
}

float window_factor(uint oy, uint ox) {
  const uint count =
      inside_count(oy * stride_h, kernel_h, pad_h, p.h) * inside_count(ox * stride_w, kernel_w, pad_w, p.w);
  return p.count_includes_pad != 0u || count == kernel_h * kernel_w ? p.inverse_full : 1.0 / float(count);
}

#endif
