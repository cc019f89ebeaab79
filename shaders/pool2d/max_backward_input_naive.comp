// SPDX-License-Identifier: Apache-2.0
// max_pool2d backward, naive.  dx = sum of dy over the windows whose first maximum this pixel is
// x, dx [n,h,w,c]  dy [n,oh,ow,c]  f32
// one invocation = one element of dx: it gathers, so windows may overlap
// needs: nothing
// reads x dy, writes dx; accumulate: no
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
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dx)

// Item of x that holds the first maximum of a window, in row-major order.
uint first_maximum(uint image, uint oy, uint ox, uint channel) {
  float best = kMinusInfinity;
  uint best_item = 0xffffffffu;
  for (uint r = 0u; r < kernel_h; ++r) {
    for (uint s = 0u; s < kernel_w; ++s) {
      const uint iy = row_of(oy, r);
      const uint ix = column_of(ox, s);
      if (!is_inside(iy, ix)) continue;
      const uint item = x_item(image, iy, ix, channel);
      if (best_item == 0xffffffffu || x[item] > best) {
        best = x[item];
        best_item = item;
      }
    }
  }
  return best_item;
}

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  const uint ix = i / p.channels % p.w;
  const uint iy = i / (p.channels * p.w) % p.h;
  const uint image = i / (p.channels * p.w * p.h);
  float sum = 0.0;
  for (uint oy = first_row_window(iy); oy < end_row_window(iy); ++oy) {
    for (uint ox = first_column_window(ix); ox < end_column_window(ix); ++ox) {
      if (first_maximum(image, oy, ox, channel) == i) sum += dy[y_item(image, oy, ox, channel)];
    }
  }
  dx[i] = sum;
}
