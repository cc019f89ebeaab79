// SPDX-License-Identifier: Apache-2.0
// pack forward, tuned.  y = code(quantise(x * multiplier + offset))
// x [rows,c] f32  multiplier, offset [c], inverse_step [] f32, read with has_affine, has_step  y [rows] planes of words
// one invocation = 32 channels of a row, four at a time, all planes
// needs: c % 4 == 0; else forward_naive.comp
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
layout(constant_id = 1) const uint kind = 0;  // p.kind and p.planes, so that what does not apply is left out
layout(constant_id = 2) const uint planes = 1;
PUSH_CONSTANTS(PackParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, multiplier)
BUFFER_READ(2, vec4, offset)
BUFFER_READ(3, float, inverse_step)
BUFFER_WRITE(4, uint, y)

#include "code.glsl"

// Codes of the channels 4 * group .. 4 * group + 3 of a row.
uvec4 codes_of(uint row, uint group) {
  precise vec4 value = x[row * (p.c / 4u) + group];
  if (p.has_affine != 0u) {
    precise vec4 product = value * multiplier[group];
    value = product + offset[group];
  }
  return uvec4(code_of_value(value.x, kind, planes), code_of_value(value.y, kind, planes),
               code_of_value(value.z, kind, planes), code_of_value(value.w, kind, planes));
}

// Bit `plane` of four codes, side by side.
uint plane_bits(uvec4 codes, uint plane) {
  const uvec4 bits = ((codes >> plane) & 1u) << uvec4(0u, 1u, 2u, 3u);
  return (bits.x | bits.y) | (bits.z | bits.w);
}

void main() {
  const uint i = linear_invocation();
  const uint words = channel_words(p.c);
  if (i >= p.rows * words) return;
  const uint row = i / words, word = i % words;
  const uint groups = min(kWordBits, p.c - word * kWordBits) / 4u;
  uvec4 low = uvec4(0u), high = uvec4(0u);  // planes 0 .. 3 and 4 .. 7
  for (uint j = 0u; j < groups; ++j) {
    const uvec4 codes = codes_of(row, word * 8u + j);
    low.x |= plane_bits(codes, 0u) << 4u * j;
    if (planes > 1u) low.y |= plane_bits(codes, 1u) << 4u * j;
    if (planes > 2u) low.z |= plane_bits(codes, 2u) << 4u * j;
    if (planes > 3u) low.w |= plane_bits(codes, 3u) << 4u * j;
    if (planes > 4u) high.x |= plane_bits(codes, 4u) << 4u * j;
    if (planes > 5u) high.y |= plane_bits(codes, 5u) << 4u * j;
    if (planes > 6u) high.z |= plane_bits(codes, 6u) << 4u * j;
    if (planes > 7u) high.w |= plane_bits(codes, 7u) << 4u * j;
  }
  for (uint plane = 0u; plane < planes; ++plane) {
    y[packed_word(row, planes, words, plane, word)] = plane < 4u ? low[plane] : high[plane - 4u];
  }
}
