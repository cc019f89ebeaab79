// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward, naive.  acc = sum over taps inside x and over c of level(x) * level(w)
// x [n,h,w,c] x_planes planes  w u32 [words] of k filters (weight_bits.glsl)  y [n,oh,ow,k] planes or f32 (output.glsl)
// one invocation = 32 output channels of a pixel (packed output), or one output channel of a pixel (f32)
// needs: nothing; any groups, bit by bit
// reads x w thresholds (multiplier offset; tap_scale), writes y; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, uint, w)
#include "output.glsl"
#include "weight_bits.glsl"

uint activation_at(uint pixel, uint channel) {
  const uint words = channel_words(p.c);
  uint code = 0u;
  for (uint plane = 0u; plane < p.x_planes; ++plane) {
    const uint word = x[packed_word(pixel, p.x_planes, words, plane, channel / kWordBits)];
    code |= ((word >> (channel % kWordBits)) & 1u) << plane;
  }
  return code;
}

uint weight_at(uint tap, uint c, uint k) {
  uint code = 0u;
  for (uint plane = 0u; plane < p.w_planes; ++plane) code |= weight_bit(tap * p.group_c + c, plane, k) << plane;
  return code;
}

int product(int level, uint code) {
  if (p.weight == kShiftWeights) return shift_product(level, code, p.w_planes);
  if (p.weight == kOddWeights) return level * (int(2u * code) - int((1u << p.w_planes) - 1u));
  return level * bitfieldExtract(int(code), 0, int(p.w_planes));  // two's complement: the top bit extends
}

// The sum over the channels of one tap.
int tap_sum(uint pixel, uint k, uint r, uint s) {
  const uint ox = pixel % p.ow, oy = pixel / p.ow % p.oh, n = pixel / (p.ow * p.oh);
  const uint first_c = k / p.group_k * p.group_c;
  // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
  const uint iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;
  const uint ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
  if (iy >= p.h || ix >= p.w) return 0;
  int acc = 0;
  for (uint c = 0u; c < p.group_c; ++c) {
    const uint code = activation_at((n * p.h + iy) * p.w + ix, first_c + c);
    acc += product(activation_level(code, p.activation, p.x_planes), weight_at(r * p.kernel_w + s, c, k));
  }
  return acc;
}

#ifdef LOWTIDE_OUTPUT_TAPS
float accumulator(uint pixel, uint k) {
  float sum = 0.0;
  for (uint t = 0u; t < p.kernel_h * p.kernel_w; ++t) {
    sum = add_tap(sum, tap_sum(pixel, k, t / p.kernel_w, t % p.kernel_w), t);
  }
  return sum;
}
#else
int accumulator(uint pixel, uint k) {
  int acc = 0;
  for (uint t = 0u; t < p.kernel_h * p.kernel_w; ++t) acc += tap_sum(pixel, k, t / p.kernel_w, t % p.kernel_w);
  return acc;
}
#endif

void main() {
  const uint i = linear_invocation();
#if defined(LOWTIDE_RESIDUAL)
  const uint words = channel_words(p.k);
  if (i >= p.pixels * words) return;
  const uint pixel = i / words, word = i % words;
  uint bits = 0u;
  for (uint j = 0u; j < min(kWordBits, p.k - word * kWordBits); ++j) {
    const uint k = word * kWordBits + j;
    const float value = clamp(real_output(accumulator(pixel, k), k) + shortcut[pixel * p.k + k], p.lo, p.hi);
    y[pixel * p.k + k] = value;
    bits |= (value >= 0.0 ? 1u : 0u) << j;
  }
  codes[i] = bits;
#elif defined(LOWTIDE_OUTPUT_F32)
  if (i < p.pixels * p.k) y[i] = real_output(accumulator(i / p.k, i % p.k), i % p.k);
#else
  const uint words = channel_words(p.k);
  if (i >= p.pixels * words) return;
  const uint pixel = i / words, word = i % words;
  uint planes[8] = uint[8](0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);
  for (uint j = 0u; j < min(kWordBits, p.k - word * kWordBits); ++j) {
    const uint k = word * kWordBits + j;
    const uint code = output_code(accumulator(pixel, k), k);
    for (uint plane = 0u; plane < 8u; ++plane) planes[plane] |= ((code >> plane) & 1u) << j;
  }
  for (uint plane = 0u; plane < p.output_bits; ++plane) {
    y[packed_word(pixel, p.output_bits, words, plane, word)] = planes[plane];
  }
#endif
}
