// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward, tuned for software drivers.  y = conv(x, w), sums as in forward.comp
// x [n,h,w,c] x_planes planes  w u32 [words, w_planes, k]  y [n,oh,ow,k] planes or f32 (output.glsl)
// one invocation = 32 output channels of a pixel, four at a time; invocations run along pixels
// needs: groups = 1, c and k multiples of 32, x of signs or unsigned levels, odd weights, few words; else forward
// reads x w thresholds (multiplier offset shortcut), writes y (codes); accumulate: no
// reference: engine/reference/packed_conv2d.cpp
//
// A load that differs between lanes is a gather on llvmpipe and costs as much as some twenty products. So every word of x
// under the kernel is loaded once and held, in a register or spilled as a whole vector, while four accumulators at a time
// meet all of them: what forward.comp holds, 32 accumulators, takes every register that AVX-512 has and spills in each
// product. All is unrolled and the output channel comes from the workgroup's position, which leaves weights as operands
// broadcast from memory; in a loop over output channels each of them passed a general register and the stack.
// Share of the native popcount peak on llvmpipe, 3x3, 64 -> 64 channels at 16x56x56: 0.56, against 0.41 of forward.comp
// and 0.30 with a loop.
//
// Sums are those of forward.comp with its bounds: acc = (2^w_planes - 1) K - 2 sum_j 2^j pop((x ^ w_j) & m) for signs,
// m the channels inside x and K their number; 2 sum_ij 2^(i+j) pop(x_i & w_j) - (2^w_planes - 1) sum_i 2^i pop(x_i) for
// unsigned levels, whose words outside x are 0.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint kernel_h = 3;
layout(constant_id = 2) const uint kernel_w = 3;
layout(constant_id = 3) const uint c_words = 2;
layout(constant_id = 4) const uint x_planes = 1;
layout(constant_id = 5) const uint w_planes = 1;
layout(constant_id = 6) const uint linear_thresholds = 1;  // counted one by one: 1, 3, or 2 of ternary codes; 0: bisected
layout(constant_id = 7) const uint oh = 56;
layout(constant_id = 8) const uint ow = 56;
layout(constant_id = 9) const uint k_count = 64;  // output channels, a multiple of 32
layout(constant_id = 10) const uint is_signs = 1;
const uint held = kernel_h * kernel_w * c_words * x_planes;

PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, uint, w)
BUFFER_READ_VIEW(1, uvec4, w4)
#include "output.glsl"

uint words[held];                // of x, tap by tap
uint inside[kernel_h * kernel_w];  // of a tap: all ones or 0
int ones = 0;                    // what unsigned levels sum over x alone
uint taps = 0u;                  // inside x
bool is_real;                    // the invocation has a pixel

void hold(uint pixel) {
  const uint ox = pixel % ow, oy = pixel / ow % oh, n = pixel / (ow * oh);
  [[unroll]] for (uint t = 0u; t < kernel_h * kernel_w; ++t) {
    // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
    const uint iy = oy * p.stride_h + t / kernel_w * p.dilation_h - p.pad_h;
    const uint ix = ox * p.stride_w + t % kernel_w * p.dilation_w - p.pad_w;
    const bool is_inside = iy < p.h && ix < p.w;
    const uint source = (n * p.h + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u);
    inside[t] = is_inside ? 0xffffffffu : 0u;
    taps += is_inside ? 1u : 0u;
    [[unroll]] for (uint i = 0u; i < c_words * x_planes; ++i) {
      const uint code = x[source * c_words * x_planes + i];
      words[t * c_words * x_planes + i] = is_signs != 0u ? code : code & inside[t];
      if (is_signs == 0u) ones += bitCount(code & inside[t]) << (i / c_words);
    }
  }
}

ivec4 quad_sum(uint k) {
  ivec4 sum = ivec4(0);
  [[unroll]] for (uint t = 0u; t < kernel_h * kernel_w; ++t) {
    [[unroll]] for (uint c = 0u; c < c_words; ++c) {
      [[unroll]] for (uint j = 0u; j < w_planes; ++j) {
        const uvec4 q = w4[(((t * c_words + c) * w_planes + j) * k_count + k) / 4u];
        [[unroll]] for (uint i = 0u; i < x_planes; ++i) {
          const uint code = words[(t * x_planes + i) * c_words + c];
          sum += bitCount(is_signs != 0u ? (uvec4(code) ^ q) & inside[t] : uvec4(code) & q) << (i + j);
        }
      }
    }
  }
  const int highest = int((1u << w_planes) - 1u);
  return is_signs != 0u ? highest * int(taps * p.c) - 2 * sum : 2 * sum - highest * ones;
}

#if defined(LOWTIDE_RESIDUAL)
uint signs = 0u;  // of y, 32 channels

void finish(uint pixel, uint k, ivec4 sum) {
  const uint at = (pixel * k_count + k) / 4u;
  const vec4 real = vec4(real_output(sum.x, k), real_output(sum.y, k + 1u), real_output(sum.z, k + 2u),
                         real_output(sum.w, k + 3u));
  const vec4 value = clamp(real + shortcut4[at], p.lo, p.hi);
  const uvec4 bits = uvec4(greaterThanEqual(value, vec4(0.0))) << uvec4(0u, 1u, 2u, 3u);
  signs |= ((bits.x | bits.y) | (bits.z | bits.w)) << k % kWordBits;
  if (is_real) y4[at] = value;
}
void store(uint pixel, uint k) {
  if (is_real) codes[pixel * (k_count / kWordBits) + k / kWordBits] = signs;
}
#elif defined(LOWTIDE_OUTPUT_F32)
void finish(uint pixel, uint k, ivec4 sum) {
  if (!is_real) return;
  y4[(pixel * k_count + k) / 4u] = vec4(real_output(sum.x, k), real_output(sum.y, k + 1u), real_output(sum.z, k + 2u),
                                        real_output(sum.w, k + 3u));
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
    const uint code = code_of(sum[t], k + t);
    [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) {
      if (linear_thresholds == 0u || plane < 2u) planes[plane] |= ((code >> plane) & 1u) << (k + t) % kWordBits;
    }
  }
}
void store(uint pixel, uint k) {
  [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) {
    if (is_real && plane < p.output_bits) y[packed_word(pixel, p.output_bits, k_count / kWordBits, plane, k / kWordBits)] = planes[plane];
    planes[plane] = 0u;
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
