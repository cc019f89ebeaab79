// SPDX-License-Identifier: Apache-2.0
// conv2d backward_weight, naive.  dw = scale * sum over pixels of dy * x
// x [n,h,w,c], or its codes  dy [n,oh,ow,k]  dw [k,r,s,group_c]
// one invocation = one element of dw
// needs: nothing
// reads x dy, writes dw; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
#include "codes.glsl"
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dw)
PUSH_CONSTANTS(Conv2dNaiveParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.k * p.r * p.s * p.group_c) return;
  const uint s = i / p.group_c % p.s;
  const uint r = i / p.group_c / p.s % p.r;
  const uint k = i / p.group_c / p.s / p.r;
  const uint c = k / p.group_k * p.group_c + i % p.group_c;
  float sum = 0.0;
  for (uint n = 0; n < p.n; ++n) {
    for (uint oy = 0; oy < p.oh; ++oy) {
      const uint iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;  // wraps around below zero
      if (iy >= p.h) continue;
      float row_sum = 0.0;  // one per row: sums stay short, so that rounding errors do
      for (uint ox = 0; ox < p.ow; ++ox) {
        const uint ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
        if (ix >= p.w) continue;
        row_sum += dy[((n * p.oh + oy) * p.ow + ox) * p.k + k] * X(((n * p.h + iy) * p.w + ix) * p.c + c);
      }
      sum += row_sum;
    }
  }
  dw[i] = sum * p.scale;
}
