// SPDX-License-Identifier: Apache-2.0
// residual_signs forward, naive.  y = clamp(a + b, lo, hi), codes = y >= 0
// a, b, y [rows,c] f32  codes [rows] one plane of words
// one invocation = 32 channels of a row
// needs: nothing
// reads a b, writes y codes; accumulate: no
// reference: engine/reference/residual_signs.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "residual_signs.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ResidualSignsParams, p)
BUFFER_READ(0, float, a)
BUFFER_READ(1, float, b)
BUFFER_WRITE(2, float, y)
BUFFER_WRITE(3, uint, codes)

void main() {
  const uint i = linear_invocation();
  const uint words = channel_words(p.c);
  if (i >= p.rows * words) return;
  const uint row = i / words, word = i % words;
  uint bits = 0u;
  for (uint j = 0u; j < min(kWordBits, p.c - word * kWordBits); ++j) {
    const uint at = row * p.c + word * kWordBits + j;
    const float value = clamp(a[at] + b[at], p.lo, p.hi);
    y[at] = value;
    bits |= (value >= 0.0 ? 1u : 0u) << j;
  }
  codes[i] = bits;
}
