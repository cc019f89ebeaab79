// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward, tuned.  signs: acc = levels * K - 2 sum 2^j pop(x ^ w_j);  unsigned: 2 sum 2^(i+j) pop(x_i & w_j) - ...
// x [n,h,w,c] x_planes planes  w u32 [r*s, c_words, w_planes, k]  y [n,oh,ow,k] planes or f32 (output.glsl)
// one invocation = `block` output channels of a pixel, all accumulators in registers; invocations run along pixels
// needs: x of signs or unsigned levels, odd weights, else forward_signed; groups and unrolls as pixel_block.glsl says
// reads x w thresholds (multiplier offset; tap_scale), writes y; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
//
// Signs: real value of a plane pair is K - 2 pop, K = channels inside x, so acc = (2^w_planes - 1) K - 2 sum 2^j pop.
// Unsigned: w = sum 2^j (2 w_j - 1), so acc = 2 sum 2^(i+j) pop(x_i & w_j) - (2^w_planes - 1) sum 2^i pop(x_i).
// Sums stay below 2^24 in magnitude twice over: the shape rule bounds acc, and 2 sum 2^(i+j) pop <= 2 * 2^24.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"
#include "pixel_block.glsl"
layout(constant_id = 15) const uint is_signs = 1;

void accumulate(uint source, uint word, uint mask, uint weight_row, uint first_k) {
  uint codes[x_planes];
  [[unroll]] for (uint i = 0u; i < x_planes; ++i) {
    codes[i] = x[packed_word(source, x_planes, channel_words(p.c), i, word)];
    if (is_signs == 0u) {
      codes[i] &= mask;
      ones += bitCount(codes[i]) << i;
    }
  }
  [[unroll]] for (uint quad = 0u; quad < block / 4u; ++quad) {
    [[unroll]] for (uint j = 0u; j < w_planes; ++j) {
      const uvec4 q = weights(weight_row + j, first_k, quad);
      [[unroll]] for (uint i = 0u; i < x_planes; ++i) {
        const uvec4 both = is_signs != 0u ? (uvec4(codes[i]) ^ q) & mask : uvec4(codes[i]) & q;
        const ivec4 counts = bitCount(both) << (i + j);
        [[unroll]] for (uint t = 0u; t < 4u; ++t) acc[4u * quad + t] += counts[t];
      }
    }
  }
}

int finished(int sum) {
  const int highest = int((1u << w_planes) - 1u);
  return is_signs != 0u ? highest * int(taps * p.group_c) - 2 * sum : 2 * sum - highest * ones;
}

#include "pixel_loop.glsl"
