// SPDX-License-Identifier: Apache-2.0
// average_pool2d backward, tuned.  dx = sum of dy / count over the windows that hold this pixel
// dx [n,h,w,c]  dy [n,oh,ow,c]  f32
// one invocation = one row of dx of one channel (or four)
// needs: LOWTIDE_VEC4: c % 4 == 0
// reads dy, writes dx; accumulate: no
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
BUFFER_READ(0, element_t, dy)
BUFFER_WRITE(1, element_t, dx)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  const uint row = i / p.channels;
  const uint iy = row % p.h;
  const uint image = row / p.h;
  for (uint ix = 0u; ix < p.w; ++ix) {
    element_t sum = element_t(0.0);
    for (uint oy = first_row_window(iy); oy < end_row_window(iy); ++oy) {
      for (uint ox = first_column_window(ix); ox < end_column_window(ix); ++ox) {
        sum += dy[y_item(image, oy, ox, channel)] * window_factor(oy, ox);
      }
    }
    dx[x_item(image, iy, ix, channel)] = sum;
  }
}
