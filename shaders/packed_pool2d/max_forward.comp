// SPDX-License-Identifier: Apache-2.0
// packed_max_pool2d forward.  y = max of x over the window, taps outside x left out
// x [n,h,w,c]  y [n,oh,ow,c]  `planes` bit planes
// one invocation = 32 channels of an output pixel, compared bit-sliced: 32 ranks at once, highest plane first
// needs: nothing
// reads x, writes y; accumulate: no
// reference: engine/reference/packed_pool2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_pool2d.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint planes = 1;
layout(constant_id = 2) const uint is_shift = 0;  // codes with a sign on top

PUSH_CONSTANTS(PackedPool2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_WRITE(1, uint, y)

// Between codes and numbers that grow with their levels: of a shift code the sign is inverted, and where it was set so is
// the exponent. The tail of a word ends as it began, zero.
void order(inout uint codes[planes]) {
  if (is_shift == 0u) return;
  const uint negative = codes[planes - 1u];
  [[unroll]] for (uint j = 0u; j + 1u < planes; ++j) codes[j] ^= negative;
  codes[planes - 1u] = ~negative;
}
void restore(inout uint ranks[planes]) {
  if (is_shift == 0u) return;
  const uint negative = ~ranks[planes - 1u];
  [[unroll]] for (uint j = 0u; j + 1u < planes; ++j) ranks[j] ^= negative;
  ranks[planes - 1u] = negative;
}

void main() {
  const uint i = linear_invocation();
  if (i >= p.pixels * p.words) return;
  const uint pixel = i / p.words, word = i % p.words;
  const uint ox = pixel % p.ow, oy = pixel / p.ow % p.oh, n = pixel / (p.ow * p.oh);
  uint best[planes];
  [[unroll]] for (uint j = 0u; j < planes; ++j) best[j] = 0u;  // the lowest of all; every window has a tap inside x
  for (uint r = 0u; r < p.window_h; ++r) {
    for (uint s = 0u; s < p.window_w; ++s) {
      // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
      const uint iy = oy * p.stride_h + r - p.pad_h;
      const uint ix = ox * p.stride_w + s - p.pad_w;
      if (iy >= p.h || ix >= p.w) continue;
      const uint source = (n * p.h + iy) * p.w + ix;
      uint next[planes];
      uint greater = 0u;        // channels where next > best, by the planes seen so far
      uint equal = 0xffffffffu;  // channels where they agree so far
      [[unroll]] for (uint j = 0u; j < planes; ++j) next[j] = x[packed_word(source, planes, p.words, j, word)];
      order(next);
      [[unroll]] for (uint j = planes; j-- > 0u;) {
        greater |= equal & next[j] & ~best[j];
        equal &= ~(next[j] ^ best[j]);
      }
      [[unroll]] for (uint j = 0u; j < planes; ++j) best[j] = (next[j] & greater) | (best[j] & ~greater);
    }
  }
  restore(best);
  [[unroll]] for (uint j = 0u; j < planes; ++j) y[packed_word(pixel, planes, p.words, j, word)] = best[j];
}
