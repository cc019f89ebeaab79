// SPDX-License-Identifier: Apache-2.0
// residual_signs forward, tuned.  y = clamp(a + b, lo, hi), codes = y >= 0
// a, b, y [rows,c] f32  codes [rows] one plane of words
// one invocation = 32 channels of a row, four at a time
// needs: c % 4 == 0; else forward_naive.comp
// reads a b, writes y codes; accumulate: no
// reference: engine/reference/residual_signs.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "residual_signs.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ResidualSignsParams, p)
BUFFER_READ(0, vec4, a)
BUFFER_READ(1, vec4, b)
BUFFER_WRITE(2, vec4, y)
BUFFER_WRITE(3, uint, codes)

void main() {
  const uint i = linear_invocation();
  const uint words = channel_words(p.c);
  if (i >= p.rows * words) return;
  const uint row = i / words, word = i % words;
  const uint groups = min(kWordBits, p.c - word * kWordBits) / 4u;
  const uint first = row * (p.c / 4u) + word * (kWordBits / 4u);
  uint bits = 0u;
  [[unroll]] for (uint j = 0u; j < kWordBits / 4u; ++j) {
    if (j < groups) {
      const vec4 value = clamp(a[first + j] + b[first + j], p.lo, p.hi);
      y[first + j] = value;
      const uvec4 signs = uvec4(greaterThanEqual(value, vec4(0.0))) << uvec4(0u, 1u, 2u, 3u);
      bits |= ((signs.x | signs.y) | (signs.z | signs.w)) << 4u * j;
    }
  }
  codes[i] = bits;
}
