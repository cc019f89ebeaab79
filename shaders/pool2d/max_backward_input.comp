// SPDX-License-Identifier: Apache-2.0
// max_pool2d backward, tuned, any windows.  dx = sum of dy over the windows whose first maximum this pixel is
// x, dx [n,h,w,c]  dy [n,oh,ow,c]  f32
// one invocation = one row of dx of one channel (or four): it gathers, so windows may overlap
// needs: LOWTIDE_VEC4: c % 4 == 0
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

// 1 where pixel (iy, ix) is the first maximum of the window, else 0. A pixel wins where it is above everything before
// it in the window and not below anything after it.
element_t is_first_maximum(uint image, uint oy, uint ox, uint iy, uint ix, uint channel) {
  const element_t own = x[x_item(image, iy, ix, channel)];
  const element_t zero = element_t(0.0);
  element_t wins = element_t(1.0);
  bool is_before = true;
  for (uint r = 0u; r < kernel_h; ++r) {
    for (uint s = 0u; s < kernel_w; ++s) {
      const uint jy = row_of(oy, r);
      const uint jx = column_of(ox, s);
      if (jy == iy && jx == ix) {
        is_before = false;
      } else if (is_inside(jy, jx)) {
        const element_t other = x[x_item(image, jy, jx, channel)];
        if (is_before) {
          wins = mix(zero, wins, is_greater(own, other));
        } else {
          wins = mix(zero, wins, is_at_least(own, other));
        }
      }
    }
  }
  return wins;
}

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
        sum += is_first_maximum(image, oy, ox, iy, ix, channel) * dy[y_item(image, oy, ox, channel)];
      }
    }
    dx[x_item(image, iy, ix, channel)] = sum;
  }
}
