// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward, tuned.  signs: acc = levels * K - 2 sum 2^j pop(x ^ w_j);  unsigned: 2 sum 2^(i+j) pop(x_i & w_j) - ...
// x [n,h,w,c] x_planes planes  w u32 [r*s, c_words, w_planes, k]  y [n,oh,ow,k] planes or f32 (output.glsl)
// one invocation = `block` output channels of a pixel, all accumulators in registers; invocations run along pixels
// needs: groups = 1, or group_c and group_k multiples of 32; unrolls that divide their loops; else forward_naive
// reads x w thresholds (multiplier offset), writes y; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
//
// Invocations along pixels rather than along output channels: no word is shared between invocations, so nothing has to be
// gathered across a subgroup (on llvmpipe that cost more than the convolution), weights are uniform loads, and borders
// are a mask in a register. 1.26 T multiply-adds/s for 64 -> 64 channels, 3x3, 56x56, against 0.40 the other way.
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

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint block = 32;        // output channels of an invocation: 4, 8, 16 or 32
layout(constant_id = 2) const uint kernel_h = 3;
layout(constant_id = 3) const uint kernel_w = 3;
layout(constant_id = 4) const uint c_words = 2;       // of a group
layout(constant_id = 5) const uint x_planes = 1;
layout(constant_id = 6) const uint w_planes = 1;
layout(constant_id = 7) const uint is_signs = 1;
layout(constant_id = 8) const uint unroll_h = 3;      // divides kernel_h
layout(constant_id = 9) const uint unroll_w = 3;      // divides kernel_w
layout(constant_id = 10) const uint unroll_c = 2;     // divides c_words
layout(constant_id = 11) const uint linear_codes = 1;  // output_bits if thresholds are counted one by one, else 0
layout(constant_id = 12) const uint oh = 56;           // shapes that are divided by, or that decide loads
layout(constant_id = 13) const uint ow = 56;
layout(constant_id = 14) const uint k_count = 64;      // output channels
layout(constant_id = 15) const uint group_k = 64;      // of a group

PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, uint, w)
BUFFER_READ_VIEW(1, uvec4, w4)
#include "output.glsl"

int acc[block];

// Four weights of one plane, of the output channels first_k + 4 quad ...; beyond the last channel some are repeated.
// Where k is a multiple of 4 they are one load.
uvec4 weights(uint row, uint first_k, uint quad) {
  const uint k = first_k + 4u * quad;
  if (k_count % 4u == 0u) return w4[(row * k_count + min(k, k_count - 4u)) / 4u];
  const uint last = k_count - 1u;
  const uint at = row * k_count;
  return uvec4(w[at + min(k, last)], w[at + min(k + 1u, last)], w[at + min(k + 2u, last)], w[at + min(k + 3u, last)]);
}

// Adds the products of one word of x, all planes, with the same word of every weight of the block.
void accumulate(uint codes[x_planes], uint mask, uint weight_row, uint first_k) {
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

#ifdef LOWTIDE_OUTPUT_F32
void store(uint pixel, uint first_k) {
  [[unroll]] for (uint j = 0u; j < block; j += 4u) {
    const uint k = first_k + j;
    if (k_count % 4u == 0u) {
      if (k < k_count) {
        y4[(pixel * k_count + k) / 4u] = vec4(real_output(acc[j], k), real_output(acc[j + 1u], k + 1u),
                                              real_output(acc[j + 2u], k + 2u), real_output(acc[j + 3u], k + 3u));
      }
    } else {
      [[unroll]] for (uint t = 0u; t < 4u; ++t) {
        if (k + t < k_count) y[pixel * k_count + k + t] = real_output(acc[j + t], k + t);
      }
    }
  }
}
#else
void store(uint pixel, uint first_k) {
  uint planes[8] = uint[8](0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);
  [[unroll]] for (uint j = 0u; j < block; ++j) {
    const uint k = min(first_k + j, k_count - 1u);
    if (linear_codes == 0u) {
      const uint code = output_code(acc[j], k);
      [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) planes[plane] |= ((code >> plane) & 1u) << j;
    } else {
      const int v = thresholds[k] * acc[j];
      uint code = 0u;
      [[unroll]] for (uint t = 1u; t < (1u << linear_codes); ++t) code += v >= thresholds[t * k_count + k] ? 1u : 0u;
      [[unroll]] for (uint plane = 0u; plane < linear_codes; ++plane) planes[plane] |= ((code >> plane) & 1u) << j;
    }
  }
  const uint words = channel_words(k_count);
  const uint word = first_k / kWordBits;
  [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) {
    if (plane < p.output_bits) {
      y[packed_word(pixel, p.output_bits, words, plane, word)] = planes[plane] & channel_mask(k_count, word);
    }
  }
}
#endif

void main() {
  const uint item = linear_invocation();
  const uint pixel = min(item, p.pixels - 1u);  // invocations beyond the last pixel repeat it and do not store
  const uint first_k = gl_WorkGroupID.z * block;
  const uint ox = pixel % ow, oy = pixel / ow % oh, n = pixel / (ow * oh);
  const uint x_words = channel_words(p.c);
  const uint first_word = first_k / group_k * c_words;
  const uint tail_mask = channel_mask(p.group_c, c_words - 1u);

  [[unroll]] for (uint j = 0u; j < block; ++j) acc[j] = 0;
  int ones = 0;   // unsigned: sum of the levels of x
  uint taps = 0u; // inside x
  for (uint r0 = 0u; r0 < kernel_h; r0 += unroll_h) {
    for (uint s0 = 0u; s0 < kernel_w; s0 += unroll_w) {
      for (uint c0 = 0u; c0 < c_words; c0 += unroll_c) {
        [[unroll]] for (uint rs = 0u; rs < unroll_h * unroll_w; ++rs) {
          const uint r = r0 + rs / unroll_w, s = s0 + rs % unroll_w;
          // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
          const uint iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;
          const uint ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
          const bool is_inside = iy < p.h && ix < p.w;
          const uint source = (n * p.h + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u);
          if (c0 == 0u) taps += is_inside ? 1u : 0u;
          [[unroll]] for (uint cu = 0u; cu < unroll_c; ++cu) {
            const uint c = c0 + cu;
            const uint mask = is_inside ? (c + 1u == c_words ? tail_mask : 0xffffffffu) : 0u;
            uint codes[x_planes];
            [[unroll]] for (uint i = 0u; i < x_planes; ++i) {
              codes[i] = x[packed_word(source, x_planes, x_words, i, first_word + c)];
              if (is_signs == 0u) {
                codes[i] &= mask;
                ones += bitCount(codes[i]) << i;
              }
            }
            accumulate(codes, mask, ((r * kernel_w + s) * c_words + c) * w_planes, first_k);
          }
        }
      }
    }
  }
  const int highest = int((1u << w_planes) - 1u);
  [[unroll]] for (uint j = 0u; j < block; ++j) {
    acc[j] = is_signs != 0u ? highest * int(taps * p.group_c) - 2 * acc[j] : 2 * acc[j] - highest * ones;
  }
  if (item < p.pixels) store(pixel, first_k);
}
