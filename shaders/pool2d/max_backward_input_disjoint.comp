// SPDX-License-Identifier: Apache-2.0
// max_pool2d backward, tuned, disjoint windows.  dx = dy at the first maximum of each window, else 0
// x, dx [n,h,w,c]  dy [n,oh,ow,c]  f32
// one invocation = one row of windows of one channel (or four), and the pixels that no window holds
// needs: stride == kernel, no padding, windows of at most 256 pixels; LOWTIDE_VEC4: c % 4 == 0
// reads x dy, writes dx; accumulate: no
// reference: engine/reference/pool2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "pool2d.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(Pool2dParams, p)
#include "window.glsl"
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, dy)
BUFFER_WRITE(2, element_t, dx)

void clear(uint image, uint iy, uint first_ix, uint channel) {
  for (uint ix = first_ix; ix < p.w; ++ix) dx[x_item(image, iy, ix, channel)] = element_t(0.0);
}

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  const uint row = i / p.channels;
  const uint oy = row % p.oh;
  const uint image = row / p.oh;
  for (uint ox = 0u; ox < p.ow; ++ox) {
    element_t best = x[x_item(image, oy * kernel_h, ox * kernel_w, channel)];
    element_t best_place = element_t(0.0);  // r * kernel_w + s, an integer held in a float
    for (uint place = 1u; place < kernel_h * kernel_w; ++place) {
      const element_t value =
          x[x_item(image, oy * kernel_h + place / kernel_w, ox * kernel_w + place % kernel_w, channel)];
      best_place = mix(best_place, element_t(float(place)), is_greater(value, best));
      best = max(best, value);
    }
    const element_t d = dy[y_item(image, oy, ox, channel)];
    for (uint place = 0u; place < kernel_h * kernel_w; ++place) {
      const element_t distance = abs(best_place - float(place));
      dx[x_item(image, oy * kernel_h + place / kernel_w, ox * kernel_w + place % kernel_w, channel)] =
          mix(d, element_t(0.0), is_greater(distance, element_t(0.5)));
    }
  }
  for (uint r = 0u; r < kernel_h; ++r) clear(image, oy * kernel_h + r, p.ow * kernel_w, channel);
  if (oy + 1u == p.oh) {
    for (uint iy = p.oh * kernel_h; iy < p.h; ++iy) clear(image, iy, 0u, channel);
  }
}
