// SPDX-License-Identifier: Apache-2.0
// pooled_signs forward, naive.  y = clamp(max over the window of x, lo, hi), codes = y >= 0
// x [n,h,w,c] f32  y [n,oh,ow,c] f32  codes [n,oh,ow,c] one plane of words
// one invocation = 32 channels of a pixel of y
// needs: every window holds a pixel of x
// reads x, writes y codes; accumulate: no
// reference: engine/reference/pooled_signs.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "pooled_signs.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PooledSignsParams, p)
#include "window.glsl"
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)
BUFFER_WRITE(2, uint, codes)

void main() {
  const uint i = linear_invocation();
  const uint words = channel_words(p.c);
  if (i >= p.rows * words) return;
  const uint row = i / words, word = i % words;
  uint bits = 0u;
  for (uint j = 0u; j < min(kWordBits, p.c - word * kWordBits); ++j) {
    const uint channel = word * kWordBits + j;
    float best = x[x_first(row, 0u, 0u) + channel];
    for (uint r = 0u; r < kernel_h; ++r) {
      for (uint s = 0u; s < kernel_w; ++s) best = max(best, x[x_first(row, r, s) + channel]);
    }
    const float value = clamp(best, p.lo, p.hi);
    y[row * p.c + channel] = value;
    bits |= (value >= 0.0 ? 1u : 0u) << j;
  }
  codes[i] = bits;
}
