// SPDX-License-Identifier: Apache-2.0
// unpack forward, naive.  levels = level(x)
// x [rows] planes of c_words words  levels [rows,c] f32
// one invocation = one element
// needs: nothing
// reads x, writes levels; accumulate: no
// reference: engine/reference/pack.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "pack.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(UnpackParams, p)
BUFFER_READ(0, uint, x)
BUFFER_WRITE(1, float, levels)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint row = i / p.c, channel = i % p.c;
  const uint words = channel_words(p.c);
  uint code = 0u;
  for (uint plane = 0u; plane < p.planes; ++plane) {
    code |= ((x[packed_word(row, p.planes, words, plane, channel / kWordBits)] >> (channel % kWordBits)) & 1u) << plane;
  }
  levels[i] = float(activation_level(code, p.kind, p.planes));
}
