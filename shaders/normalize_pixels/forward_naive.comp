// SPDX-License-Identifier: Apache-2.0
// normalize_pixels forward, naive.  y = table[channel, x]
// x [count] u8, four in a word, the first one lowest  table [c,256] f32  y [count] f32, channels innermost
// one invocation = one element
// needs: nothing
// reads x table, writes y; accumulate: no
// reference: engine/reference/normalize_pixels.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "normalize_pixels.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint c = 3;
PUSH_CONSTANTS(NormalizePixelsParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, float, table)
BUFFER_WRITE(2, float, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  y[i] = table[i % c * 256u + ((x[i / 4u] >> (8u * (i % 4u))) & 255u)];
}
