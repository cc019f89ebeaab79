// SPDX-License-Identifier: Apache-2.0
// packed_pixels forward, tuned.  acc = sum over taps inside x and over c of x * w
// x [n,h,w,c] u8, four in a word, the first one lowest  w f32 [r*s*c, w_row]  y [n,oh,ow,k] planes or f32
// one invocation = 32 output channels of a pixel, four at a time; invocations run along pixels
// needs: few elements of x under the kernel, since all is unrolled; else forward_naive
// reads x w thresholds (multiplier offset), writes y; accumulate: no
// reference: engine/reference/packed_pixels.cpp
//
// Pixels and levels of weights are integers, and so are all partial sums, below 2^24 in magnitude: f32 holds them exactly
// in any order, contracted or not, and multiplies them in one operation on every device, where 32-bit integers take two or
// three. A pixel of 8 planes beside a weight of b costs 8 b AND, popcount, shift and add for each word, of whose 32
// channels an image fills 1 to 4. As in forward_held.comp of packed_conv2d every element of x under the kernel is loaded
// once and held, and weights are uniform loads.
//
// The s * c elements of a kernel row lie side by side, but start anywhere in a word: words are loaded and shifted into
// place, a quarter of the loads. Loads stay inside x; what is read beside the row belongs to taps outside x.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_pixels.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint kernel_h = 3;
layout(constant_id = 2) const uint kernel_w = 3;
layout(constant_id = 3) const uint channels = 3;
layout(constant_id = 4) const uint linear_thresholds = 1;  // counted one by one: 1, 3, or 2 of ternary codes; 0: bisected
layout(constant_id = 5) const uint oh = 30;
layout(constant_id = 6) const uint ow = 30;
layout(constant_id = 7) const uint k_count = 64;  // output channels
layout(constant_id = 8) const uint w_row = 64;    // a multiple of 32
const uint row_bytes = kernel_w * channels;
const uint row_words = (row_bytes + 3u) / 4u;

PUSH_CONSTANTS(PackedPixelsParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, float, w)
BUFFER_READ_VIEW(1, vec4, w4)
#include "packed_conv2d/output.glsl"

float held[kernel_h * row_bytes];  // of x, tap by tap
bool is_real;                      // the invocation has a pixel

void hold(uint pixel) {
  const uint ox = pixel % ow, oy = pixel / ow % oh, n = pixel / (ow * oh);
  const int first_x = int(ox * p.stride_w) - int(p.pad_w);
  [[unroll]] for (uint r = 0u; r < kernel_h; ++r) {
    // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
    const uint iy = oy * p.stride_h + r - p.pad_h;
    const int at = int((n * p.h + min(iy, p.h - 1u)) * p.w * channels) + first_x * int(channels);
    uint words[row_words + 1u];
    [[unroll]] for (uint j = 0u; j <= row_words; ++j) {
      words[j] = channels % 4u == 0u && j == row_words ? 0u : x[clamp((at >> 2) + int(j), 0, int(p.last_word))];
    }
    const uint shift = 8u * (uint(at) & 3u);
    [[unroll]] for (uint j = 0u; j < row_words; ++j) {
      // Two shifts: one by 32 has no meaning.
      const uint word = channels % 4u == 0u ? words[j] : words[j] >> shift | words[j + 1u] << 8u << (24u - shift);
      [[unroll]] for (uint b = 0u; b < 4u; ++b) {
        const uint e = 4u * j + b;
        if (e < row_bytes) {
          const bool is_inside = iy < p.h && uint(first_x + int(e / channels)) < p.w;
          held[r * row_bytes + e] = is_inside ? float((word >> (8u * b)) & 255u) : 0.0;
        }
      }
    }
  }
}

ivec4 quad_sum(uint k) {
  vec4 sum = vec4(0.0);
  [[unroll]] for (uint t = 0u; t < kernel_h * row_bytes; ++t) sum += held[t] * w4[(t * w_row + k) / 4u];
  return ivec4(sum);
}

// Channels beyond the last one, whose weights are zero, repeat it and are not stored.
uint stored(uint k) { return min(k, k_count - 1u); }

#ifdef LOWTIDE_OUTPUT_F32
void finish(uint pixel, uint k, ivec4 sum) {
  const vec4 real = vec4(real_output(sum.x, stored(k)), real_output(sum.y, stored(k + 1u)),
                         real_output(sum.z, stored(k + 2u)), real_output(sum.w, stored(k + 3u)));
  if (k_count % 4u == 0u) {
    if (is_real && k < k_count) y4[(pixel * k_count + k) / 4u] = real;
  } else {
    [[unroll]] for (uint t = 0u; t < 4u; ++t) {
      if (is_real && k + t < k_count) y[pixel * k_count + k + t] = real[t];
    }
  }
}
void store(uint pixel, uint k) {}
#else
uint planes[8];  // of y, 32 channels

uint code_of(int acc, uint k) {
  if (linear_thresholds == 0u) return output_code(acc, k);
  const int v = thresholds[k] * acc;
  uint rank = 0u;
  [[unroll]] for (uint t = 1u; t <= linear_thresholds; ++t) rank += v >= thresholds[t * k_count + k] ? 1u : 0u;
  return linear_thresholds == 2u ? activation_code_of_rank(rank, kShiftLevels, 2u) : rank;
}
void finish(uint pixel, uint k, ivec4 sum) {
  [[unroll]] for (uint t = 0u; t < 4u; ++t) {
    const uint code = code_of(sum[t], stored(k + t));
    [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) {
      if (linear_thresholds == 0u || plane < 2u) planes[plane] |= ((code >> plane) & 1u) << (k + t) % kWordBits;
    }
  }
}
void store(uint pixel, uint k) {
  const uint word = k / kWordBits;
  [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) {
    if (is_real && plane < p.output_bits) {
      y[packed_word(pixel, p.output_bits, channel_words(k_count), plane, word)] =
          planes[plane] & channel_mask(k_count, word);
    }
  }
}
#endif

void main() {
  const uint item = linear_invocation();
  const uint pixel = min(item, p.pixels - 1u);  // invocations beyond the last pixel repeat it and do not store
  is_real = item < p.pixels;
  hold(pixel);
#ifndef LOWTIDE_OUTPUT_F32
  [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) planes[plane] = 0u;
#endif
  const uint k = gl_WorkGroupID.z * kWordBits;
  [[unroll]] for (uint quad = 0u; quad < kWordBits; quad += 4u) finish(pixel, k + quad, quad_sum(k + quad));
  store(pixel, k);
}
