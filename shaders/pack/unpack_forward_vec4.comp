// SPDX-License-Identifier: Apache-2.0
// unpack forward, tuned.  levels = level(x)
// x [rows] planes of c_words words  levels [rows,c] f32
// one invocation = every stride-th group of four channels, whose bits lie side by side in a word of each plane
// needs: c % 4 == 0; else unpack_forward_naive.comp
// reads x, writes levels; accumulate: no
// reference: engine/reference/pack.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/pack.glsl"
#include "pack.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(UnpackParams, p)
BUFFER_READ(0, uint, x)
BUFFER_WRITE(1, vec4, levels)

void main() {
  const uint groups = p.c / 4u;
  const uint words = channel_words(p.c);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const uint row = i / groups, channel = 4u * (i - row * groups);
    const uvec4 shift = channel % kWordBits + uvec4(0u, 1u, 2u, 3u);
    const uint first = packed_word(row, p.planes, words, 0u, channel / kWordBits);
    uvec4 code = uvec4(0u);
    for (uint plane = 0u; plane < p.planes; ++plane) {
      code |= ((uvec4(x[first + plane * words]) >> shift) & 1u) << plane;
    }
    levels[i] = vec4(activation_level(code.x, p.kind, p.planes), activation_level(code.y, p.kind, p.planes),
                     activation_level(code.z, p.kind, p.planes), activation_level(code.w, p.kind, p.planes));
  }
}
