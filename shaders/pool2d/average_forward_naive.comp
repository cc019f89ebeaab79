// SPDX-License-Identifier: Apache-2.0
// average_pool2d forward, naive.  y = sum over the window of x / count
// x [n,h,w,c]  y [n,oh,ow,c]  f32
// one invocation = one element of y; count: pixels of the window inside x, or all of them (count_includes_pad)
// needs: every window holds a pixel of x
// reads x, writes y; accumulate: no
// reference: engine/reference/pool2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "pool2d.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(Pool2dParams, p)
#include "window.glsl"
#include "average.glsl"
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  const uint ox = i / p.channels % p.ow;
  const uint oy = i / (p.channels * p.ow) % p.oh;
  const uint image = i / (p.channels * p.ow * p.oh);
  float sum = 0.0;
  for (uint r = 0u; r < kernel_h; ++r) {
    for (uint s = 0u; s < kernel_w; ++s) {
      const uint iy = row_of(oy, r);
      const uint ix = column_of(ox, s);
      if (is_inside(iy, ix)) sum += x[x_item(image, iy, ix, channel)];
    }
  }
  y[i] = sum * window_factor(oy, ox);
}
