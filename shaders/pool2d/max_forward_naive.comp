// SPDX-License-Identifier: Apache-2.0
// max_pool2d forward, naive.  y = max over the window of x; padding never wins
// x [n,h,w,c]  y [n,oh,ow,c]  f32
// one invocation = one element of y
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
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  const uint ox = i / p.channels % p.ow;
  const uint oy = i / (p.channels * p.ow) % p.oh;
  const uint image = i / (p.channels * p.ow * p.oh);
  float best = kMinusInfinity;
  for (uint r = 0u; r < kernel_h; ++r) {
    for (uint s = 0u; s < kernel_w; ++s) {
      const uint iy = row_of(oy, r);
      const uint ix = column_of(ox, s);
      if (is_inside(iy, ix)) best = max(best, x[x_item(image, iy, ix, channel)]);
    }
  }
  y[i] = best;
}
