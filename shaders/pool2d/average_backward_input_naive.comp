// SPDX-License-Identifier: Apache-2.0
// average_pool2d backward, naive.  dx = sum of dy / count over the windows that hold this pixel
// dx [n,h,w,c]  dy [n,oh,ow,c]  f32
// one invocation = one element of dx
// needs: nothing
// reads dy, writes dx; accumulate: no
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
BUFFER_READ(0, float, dy)
BUFFER_WRITE(1, float, dx)

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
      sum += dy[y_item(image, oy, ox, channel)] * window_factor(oy, ox);
    }
  }
  dx[i] = sum;
}
