// SPDX-License-Identifier: Apache-2.0
// pooled_signs forward, tuned.  y = clamp(max over the window of x, lo, hi), codes = y >= 0
// x [n,h,w,c] f32  y [n,oh,ow,c] f32  codes [n,oh,ow,c] one plane of words
// one invocation = 32 channels of a pixel of y, four at a time
// needs: every window holds a pixel of x; c % 4 == 0, else forward_naive.comp
// reads x, writes y codes; accumulate: no
// reference: engine/reference/pooled_signs.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "pooled_signs.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PooledSignsParams, p)
#include "window.glsl"
BUFFER_READ(0, vec4, x)
BUFFER_WRITE(1, vec4, y)
BUFFER_WRITE(2, uint, codes)

const uint kGroups = kWordBits / 4u;

void main() {
  const uint i = linear_invocation();
  const uint words = channel_words(p.c);
  if (i >= p.rows * words) return;
  const uint row = i / words, word = i % words;
  const uint groups = min(kWordBits, p.c - word * kWordBits) / 4u;
  vec4 best[kGroups];
  [[unroll]] for (uint r = 0u; r < kernel_h; ++r) {
    [[unroll]] for (uint s = 0u; s < kernel_w; ++s) {
      const uint first = x_first(row, r, s) / 4u + word * kGroups;
      [[unroll]] for (uint j = 0u; j < kGroups; ++j) {
        const vec4 value = x[first + min(j, groups - 1u)];
        best[j] = r == 0u && s == 0u ? value : max(best[j], value);
      }
    }
  }
  uint bits = 0u;
  [[unroll]] for (uint j = 0u; j < kGroups; ++j) {
    if (j < groups) {
      const vec4 value = clamp(best[j], p.lo, p.hi);
      y[row * (p.c / 4u) + word * kGroups + j] = value;
      const uvec4 signs = uvec4(greaterThanEqual(value, vec4(0.0))) << uvec4(0u, 1u, 2u, 3u);
      bits |= ((signs.x | signs.y) | (signs.z | signs.w)) << 4u * j;
    }
  }
  codes[i] = bits;
}
