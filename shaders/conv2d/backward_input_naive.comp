// SPDX-License-Identifier: Apache-2.0
// conv2d backward_input, naive.  dx = scale * conv_transpose(dy, w)
// dy [n,oh,ow,k]  w [k,r,s,group_c]  dx [n,h,w,c]
// one invocation = one element of dx
// needs: nothing
// reads dy w, writes dx; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, dy)
BUFFER_READ(1, float, w)
BUFFER_WRITE(2, float, dx)
PUSH_CONSTANTS(Conv2dNaiveParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.n * p.h * p.w * p.c) return;
  const uint c = i % p.c;
  const uint ix = i / p.c % p.w;
  const uint iy = i / p.c / p.w % p.h;
  const uint n = i / p.c / p.w / p.h;
  const uint first_k = c / p.group_c * p.group_k;
  float sum = 0.0;
  for (uint r = 0; r < p.r; ++r) {
    const uint y_steps = iy + p.pad_h - r * p.dilation_h;  // oy * stride_h; wraps around below zero
    const uint oy = y_steps / p.stride_h;
    for (uint s = 0; s < p.s; ++s) {
      const uint x_steps = ix + p.pad_w - s * p.dilation_w;
      const uint ox = x_steps / p.stride_w;
      if (int(y_steps) < 0 || int(x_steps) < 0) continue;
      if (oy * p.stride_h != y_steps || oy >= p.oh || ox * p.stride_w != x_steps || ox >= p.ow) continue;
      const uint dy_first = ((n * p.oh + oy) * p.ow + ox) * p.k + first_k;
      for (uint k = 0; k < p.group_k; ++k) {
        sum += dy[dy_first + k] * w[(((first_k + k) * p.r + r) * p.s + s) * p.group_c + c % p.group_c];
      }
    }
  }
  dx[i] = sum * p.scale;
}
