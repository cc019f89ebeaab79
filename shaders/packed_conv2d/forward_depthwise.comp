// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward, tuned, depthwise.  acc = sum over taps inside x of level(x) * level(w), for 32 channels at once
// x [n,h,w,c] x_planes planes  sliced u32 [r*s, words, w_planes] (forward_bit_slice)  y [n,oh,ow,c] planes or f32
// one invocation = 32 channels of a pixel, whose sums are counters of one bit per word
// needs: groups = c = k; counters hold the largest sum
// reads x sliced thresholds (multiplier offset), writes y; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
//
// Bit t of plane b of a counter is bit b of the number of channel t: adding a word of single bits to all 32 counters is a
// chain of half adders, an AND and an XOR each. What is added is what forward_signed counts with pop, of which it has
// the derivation: with m_i the planes of |x|, s where x is negative, t_j the planes of a two's complement,
//   acc = sum_i 2^i [ sum_j +-2^j ((t_j ^ s) & m_i) + (s & m_i) ],   odd weights: sum_i 2^i [ 2 sum_j 2^j ((q_j ^ s) & m_i) - n m_i ].
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint x_planes = 1;
layout(constant_id = 2) const uint w_planes = 1;
layout(constant_id = 3) const uint kinds = 1;  // 3 * kind of w + kind of x
layout(constant_id = 4) const uint counter_planes = 4;
const uint w_kind = kinds / 3u;
const uint x_kind = kinds % 3u;
const uint x_terms = x_kind == kShiftLevels ? (1u << (x_planes - 1u)) - 1u : x_planes;  // planes m_i
const uint w_terms = w_kind == kShiftWeights ? 1u << (w_planes - 1u) : w_planes;        // planes t_j or q_j

PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, uint, sliced)
#include "output.glsl"

uint positive[counter_planes];
uint negative[counter_planes];

void count_positive(uint bits, uint plane) {
  [[unroll]] for (uint b = 0u; b < counter_planes; ++b) {
    if (b >= plane) {
      const uint carry = positive[b] & bits;
      positive[b] ^= bits;
      bits = carry;
    }
  }
}
void count_negative(uint bits, uint plane) {
  [[unroll]] for (uint b = 0u; b < counter_planes; ++b) {
    if (b >= plane) {
      const uint carry = negative[b] & bits;
      negative[b] ^= bits;
      bits = carry;
    }
  }
}

// Channels with that exponent code, whose lower planes are `codes`.
uint exponent_of(uint codes[8], uint planes, uint exponent) {
  uint hits = 0xffffffffu;
  [[unroll]] for (uint t = 0u; t + 1u < planes; ++t) hits &= (exponent & (1u << t)) != 0u ? codes[t] : ~codes[t];
  return hits;
}

// Adds a tap: the words of x from `x_first` on, `x_stride` apart, and those of w from `w_first` on.
void add_tap_of(uint x_first, uint x_stride, uint w_first, uint mask) {
  uint codes[8];
  [[unroll]] for (uint i = 0u; i < x_planes; ++i) codes[i] = x[x_first + i * x_stride];
  const uint s = x_kind == kSigns ? ~codes[0] : x_kind == kShiftLevels ? codes[x_planes - 1u] : 0u;
  uint m[8];
  [[unroll]] for (uint i = 0u; i < x_terms; ++i) {
    m[i] = mask;
    if (x_kind == kShiftLevels) m[i] &= exponent_of(codes, x_planes, i + 1u);
    if (x_kind == kUnsignedLevels) m[i] &= codes[i];
    if (w_kind == kOddWeights) {
      count_negative(m[i], i);
    } else {
      count_positive(m[i] & s, i);
    }
  }
  [[unroll]] for (uint j = 0u; j < w_planes; ++j) codes[j] = sliced[w_first + j];
  uint below = 0u;  // channels of w with an exponent below that of plane j
  [[unroll]] for (uint j = 0u; j < w_terms; ++j) {
    const bool is_top = j + 1u == w_terms;
    uint plane = codes[min(j, w_planes - 1u)];
    if (w_kind == kShiftWeights) {
      const uint hits = is_top ? 0u : exponent_of(codes, w_planes, j + 1u);
      plane = hits | (codes[w_planes - 1u] & below);
      below |= hits;
    }
    [[unroll]] for (uint i = 0u; i < x_terms; ++i) {
      if (is_top && w_kind != kOddWeights) {
        count_negative((plane ^ s) & m[i], i + j);
      } else {
        count_positive((plane ^ s) & m[i], i + j);
      }
    }
  }
}

int accumulator_of(uint channel) {
  int up = 0, down = 0;
  [[unroll]] for (uint b = 0u; b < counter_planes; ++b) {
    up |= int((positive[b] >> channel) & 1u) << b;
    down |= int((negative[b] >> channel) & 1u) << b;
  }
  return w_kind == kOddWeights ? 2 * up - int((1u << w_planes) - 1u) * down : up - down;
}

void main() {
  const uint item = linear_invocation();
  const uint words = channel_words(p.k);
  if (item >= p.pixels * words) return;
  const uint pixel = item / words, word = item % words;
  const uint ox = pixel % p.ow, oy = pixel / p.ow % p.oh, n = pixel / (p.ow * p.oh);
  const uint mask = channel_mask(p.k, word);
  [[unroll]] for (uint b = 0u; b < counter_planes; ++b) positive[b] = negative[b] = 0u;
  for (uint r = 0u; r < p.kernel_h; ++r) {
    for (uint s = 0u; s < p.kernel_w; ++s) {
      // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
      const uint iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;
      const uint ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
      const bool is_inside = iy < p.h && ix < p.w;
      const uint source = (n * p.h + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u);
      add_tap_of(packed_word(source, x_planes, words, 0u, word), words, ((r * p.kernel_w + s) * words + word) * w_planes,
                 is_inside ? mask : 0u);
    }
  }
  const uint channels = min(kWordBits, p.k - word * kWordBits);
#ifdef LOWTIDE_OUTPUT_F32
  for (uint t = 0u; t < channels; ++t) {
    const uint k = word * kWordBits + t;
    y[pixel * p.k + k] = real_output(accumulator_of(t), k);
  }
#else
  uint planes[8] = uint[8](0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);
  for (uint t = 0u; t < channels; ++t) {
    const uint code = output_code(accumulator_of(t), word * kWordBits + t);
    [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) planes[plane] |= ((code >> plane) & 1u) << t;
  }
  [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) {
    if (plane < p.output_bits) y[packed_word(pixel, p.output_bits, words, plane, word)] = planes[plane];
  }
#endif
}
