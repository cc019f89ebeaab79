// SPDX-License-Identifier: Apache-2.0
// packed_pixels forward, naive.  acc = sum over taps inside x and over c of x * w
// x [n,h,w,c] u8, four in a word, the first one lowest  w f32 [r*s*c, w_row]  y [n,oh,ow,k] planes or f32
// one invocation = 32 output channels of a pixel (packed output), or one output channel of a pixel (f32)
// needs: nothing
// reads x w thresholds (multiplier offset), writes y; accumulate: no
// reference: engine/reference/packed_pixels.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_pixels.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PackedPixelsParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, float, w)
#include "packed_conv2d/output.glsl"

int accumulator(uint pixel, uint k) {
  const uint ox = pixel % p.ow, oy = pixel / p.ow % p.oh, n = pixel / (p.ow * p.oh);
  int acc = 0;
  for (uint t = 0u; t < p.kernel_h * p.kernel_w * p.c; ++t) {
    // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
    const uint iy = oy * p.stride_h + t / p.c / p.kernel_w - p.pad_h;
    const uint ix = ox * p.stride_w + t / p.c % p.kernel_w - p.pad_w;
    if (iy >= p.h || ix >= p.w) continue;
    const uint at = ((n * p.h + iy) * p.w + ix) * p.c + t % p.c;
    acc += int((x[at / 4u] >> (8u * (at % 4u))) & 255u) * int(w[t * p.w_row + k]);
  }
  return acc;
}

void main() {
  const uint i = linear_invocation();
#ifdef LOWTIDE_OUTPUT_F32
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
