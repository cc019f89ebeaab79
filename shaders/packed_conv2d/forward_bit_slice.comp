// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward, before forward_depthwise.  sliced = w with 32 channels in a word
// w u32 [words] of k filters of r*s bits (weight_bits.glsl)  sliced u32 [r*s, words, w_planes], words = ceil(k / 32)
// one invocation = one word
// needs: one input channel per group
// reads w, writes sliced; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, w)
BUFFER_WRITE(1, uint, sliced)
#include "weight_bits.glsl"

void main() {
  const uint i = linear_invocation();
  const uint words = channel_words(p.k);
  if (i >= p.kernel_h * p.kernel_w * words * p.w_planes) return;
  const uint plane = i % p.w_planes;
  const uint word = i / p.w_planes % words;
  const uint tap = i / p.w_planes / words;
  uint bits = 0u;
  for (uint t = 0u; t < min(kWordBits, p.k - word * kWordBits); ++t) {
    bits |= weight_bit(tap, plane, word * kWordBits + t) << t;
  }
  sliced[i] = bits;
}
