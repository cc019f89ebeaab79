// SPDX-License-Identifier: Apache-2.0
// conv2d backward_weight, in front of the variants that do not decode.  levels = the levels of codes
// codes u8 [count]  levels f32 [count]
// one invocation = one word of codes, four levels
// needs: count % 4 == 0
// reads codes, writes levels; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, uint, codes)
BUFFER_WRITE(1, vec4, levels)
PUSH_CONSTANTS(Conv2dLevelsParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.words) return;
  levels[i] = vec4(ivec4(uvec4(codes[i]) << uvec4(26u, 18u, 10u, 2u)) >> 26);
}
