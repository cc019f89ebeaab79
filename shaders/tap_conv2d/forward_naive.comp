// SPDX-License-Identifier: Apache-2.0
// tap_conv2d forward, naive.  y = output_scale * sum over taps t, in order, of scale[t] * (sum over c of x * w at t)
// x [n,h,w,c]  w [k,r,s,group_c]  scale [r*s]  y [n,oh,ow,k]
// one invocation = one element of y
// needs: nothing; x and w hold integers
// reads x w scale, writes y; accumulate: no
// reference: engine/reference/tap_conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "tap_conv2d.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(TapConv2dParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, w)
BUFFER_READ(2, float, scale)
BUFFER_WRITE(3, float, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.pixels * p.k) return;
  const uint k = i % p.k, pixel = i / p.k;
  const uint ox = pixel % p.ow, oy = pixel / p.ow % p.oh, n = pixel / (p.ow * p.oh);
  const uint first_c = k / p.group_k * p.group_c;
  float sum = 0.0;
  for (uint r = 0u; r < p.r; ++r) {
    for (uint s = 0u; s < p.s; ++s) {
      // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
      const uint iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;
      const uint ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
      if (iy >= p.h || ix >= p.w) continue;
      const uint x_first = ((n * p.h + iy) * p.w + ix) * p.c + first_c;
      const uint w_first = ((k * p.r + r) * p.s + s) * p.group_c;
      float acc = 0.0;  // integers below 2^24: exact in any order
      for (uint c = 0u; c < p.group_c; ++c) acc += x[x_first + c] * w[w_first + c];
      precise float scaled = scale[r * p.s + s] * acc;
      precise float next = sum + scaled;
      sum = next;
    }
  }
  precise float result = sum * p.output_scale;
  y[i] = result;
}
