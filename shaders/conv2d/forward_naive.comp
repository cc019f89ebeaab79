// SPDX-License-Identifier: Apache-2.0
// conv2d forward, naive.  y = scale * conv(x, w); LOWTIDE_AFFINE: y = clamp(that * multiplier + offset, lo, hi)
// x [n,h,w,c], LOWTIDE_PIXELS: bytes (pixels.glsl)  w [k,r,s,group_c]  y [n,oh,ow,k]
// one invocation = one element of y
// needs: nothing
// reads x w (multiplier offset), writes y; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
#include "pixels.glsl"
BUFFER_READ(1, float, w)
#ifdef LOWTIDE_AFFINE
BUFFER_READ(2, float, multiplier)
BUFFER_READ(3, float, offset)
BUFFER_WRITE(4, float, y)
#else
BUFFER_WRITE(2, float, y)
#endif
PUSH_CONSTANTS(Conv2dNaiveParams, p)

#ifdef LOWTIDE_AFFINE
#include "affine.glsl"
#endif

void main() {
  const uint i = linear_invocation();
  if (i >= p.n * p.oh * p.ow * p.k) return;
  const uint k = i % p.k;
  const uint ox = i / p.k % p.ow;
  const uint oy = i / p.k / p.ow % p.oh;
  const uint n = i / p.k / p.ow / p.oh;
  const uint first_c = k / p.group_k * p.group_c;
  float sum = 0.0;
  for (uint r = 0; r < p.r; ++r) {
    const uint iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;  // wraps around below zero
    for (uint s = 0; s < p.s; ++s) {
      const uint ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
      if (iy >= p.h || ix >= p.w) continue;
      const uint x_first = ((n * p.h + iy) * p.w + ix) * p.c + first_c;
      const uint w_first = ((k * p.r + r) * p.s + s) * p.group_c;
      for (uint c = 0; c < p.group_c; ++c) sum += X(x_first + c, first_c + c) * w[w_first + c];
    }
  }
#ifdef LOWTIDE_AFFINE
  y[i] = affine_of(sum * p.scale, multiplier[k], offset[k]);
#else
  y[i] = sum * p.scale;
#endif
}
