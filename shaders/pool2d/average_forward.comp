// SPDX-License-Identifier: Apache-2.0
// average_pool2d forward, tuned.  y = sum over the window of x / count
// x [n,h,w,c]  y [n,oh,ow,c]  f32
// one invocation = one row of y of one channel (or four); count as in average_forward_naive.comp
// needs: every window holds a pixel of x; LOWTIDE_VEC4: c % 4 == 0
// reads x, writes y; accumulate: no
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
#include "average.glsl"
BUFFER_READ(0, element_t, x)
BUFFER_WRITE(1, element_t, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  const uint row = i / p.channels;
  const uint oy = row % p.oh;
  const uint image = row / p.oh;
  for (uint ox = 0u; ox < p.ow; ++ox) {
    element_t sum = element_t(0.0);
    for (uint r = 0u; r < kernel_h; ++r) {
      for (uint s = 0u; s < kernel_w; ++s) {
        const uint iy = row_of(oy, r);
        const uint ix = column_of(ox, s);
        if (is_inside(iy, ix)) sum += x[x_item(image, iy, ix, channel)];
      }
    }
    y[y_item(image, oy, ox, channel)] = sum * window_factor(oy, ox);
  }
}
