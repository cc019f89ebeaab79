// SPDX-License-Identifier: Apache-2.0
// deepshift_q forward, naive.  level = sign(w) 2^(round(log2 |w|) + range), the exponent clamped to 0 .. range
// w, levels [count]  f32
// one invocation = one weight
// needs: nothing
// reads w, writes levels; accumulate: no
// reference: engine/reference/deepshift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "deepshift.params.h"
#include "levels.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DeepshiftParams, p)
BUFFER_READ(0, float, w)
BUFFER_WRITE(1, float, levels)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  levels[i] = p.is_rounded != 0u ? deepshift_q_level(w[i], p.range) : w[i] * power_of_two(p.range);
}
