// SPDX-License-Identifier: Apache-2.0
// pack forward, naive.  y = code(quantise(x * multiplier + offset))
// x [rows,c] f32  multiplier, offset [c], inverse_step [] f32, read with has_affine, has_step  y [rows] planes of words
// one invocation = 32 channels of a row, all planes
// needs: nothing
// reads x multiplier offset inverse_step, writes y; accumulate: no
// reference: engine/reference/pack.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "lib/quant.glsl"
#include "pack.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PackParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, multiplier)
BUFFER_READ(2, float, offset)
BUFFER_READ(3, float, inverse_step)
BUFFER_WRITE(4, uint, y)

#include "code.glsl"

uint code_of(uint row, uint channel) {
  precise float value = x[row * p.c + channel];
  if (p.has_affine != 0u) {
    precise float product = value * multiplier[channel];
    value = product + offset[channel];
  }
  return code_of_value(value, p.kind, p.planes);
}

void main() {
  const uint i = linear_invocation();
  const uint words = channel_words(p.c);
  if (i >= p.rows * words) return;
  const uint row = i / words, word = i % words;
  uint planes[8] = uint[8](0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);
  for (uint j = 0u; j < min(kWordBits, p.c - word * kWordBits); ++j) {
    const uint code = code_of(row, word * kWordBits + j);
    for (uint plane = 0u; plane < 8u; ++plane) planes[plane] |= ((code >> plane) & 1u) << j;
  }
  for (uint plane = 0u; plane < p.planes; ++plane) y[packed_word(row, p.planes, words, plane, word)] = planes[plane];
}
