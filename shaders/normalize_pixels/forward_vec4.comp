// SPDX-License-Identifier: Apache-2.0
// normalize_pixels forward, tuned.  y = table[channel, x]
// x [4 count] u8, four in a word, the first one lowest  table [c,256] f32  y [4 count] f32, channels innermost
// one invocation = one word of x
// needs: elements come in fours; else forward_naive.comp
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
BUFFER_WRITE(2, vec4, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uvec4 pixels = (uvec4(x[i]) >> uvec4(0u, 8u, 16u, 24u)) & 255u;
  const uvec4 at = (4u * i % c + uvec4(0u, 1u, 2u, 3u)) % c * 256u + pixels;
  y[i] = vec4(table[at.x], table[at.y], table[at.z], table[at.w]);
}
