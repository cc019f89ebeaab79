// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward by subgroups.  y = conv(x, w), sums as in forward.comp; a word of y is a ballot
// x [n,h,w,c] x_planes planes  w u32 [words, w_planes, k]  y [n,oh,ow,k] planes or f32 (output.glsl)
// one workgroup = `pixels` pixels x as many output channels as invocations; an invocation is one channel of all of them
// needs: subgroup_ballot (packed y), full subgroups of at most 64; x of signs or unsigned levels, odd weights; channels per group
// reads x w thresholds (multiplier offset), writes y; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
//
// The other way round from forward.comp: a word of x is the same for all invocations, their weights lie side by side, and a
// weight in a register meets `pixels` words. Input channels per group are a multiple of 32, output channels per group too
// where there are groups. Subgroups of 4 fill an eighth of a word with a ballot, subgroups of 64 two words.
// Sums have the bounds of forward.comp.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#ifndef LOWTIDE_OUTPUT_F32
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#endif
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint pixels = 8;
layout(constant_id = 2) const uint x_planes = 1;
layout(constant_id = 3) const uint w_planes = 1;
layout(constant_id = 4) const uint is_signs = 1;
layout(constant_id = 5) const uint has_groups = 0;  // else all invocations read the same words of x

PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, uint, w)
#include "output.glsl"

#ifndef LOWTIDE_OUTPUT_F32
shared uint out_words[pixels * 8u * 2u];  // [pixel, plane, word of the workgroup's channels]

uint position() { return gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID; }
#else
uint position() { return gl_LocalInvocationID.x; }
#endif

int acc[pixels];
int ones[pixels];     // what unsigned levels sum over x alone
uint taps[pixels];    // inside x
uint source[pixels];  // pixel of x under the tap
uint inside[pixels];  // all ones or 0

void find_sources(uint first_pixel, uint tap) {
  [[unroll]] for (uint i = 0u; i < pixels; ++i) {
    const uint pixel = min(first_pixel + i, p.pixels - 1u);
    const uint ox = pixel % p.ow, oy = pixel / p.ow % p.oh, n = pixel / (p.ow * p.oh);
    // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
    const uint iy = oy * p.stride_h + tap / p.kernel_w * p.dilation_h - p.pad_h;
    const uint ix = ox * p.stride_w + tap % p.kernel_w * p.dilation_w - p.pad_w;
    const bool is_inside = iy < p.h && ix < p.w;
    source[i] = (n * p.h + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u);
    inside[i] = is_inside ? 0xffffffffu : 0u;
    taps[i] += is_inside ? 1u : 0u;
  }
}

void accumulate(uint weight_row, uint word, uint k) {
  uint q[w_planes];
  [[unroll]] for (uint j = 0u; j < w_planes; ++j) q[j] = w[(weight_row + j) * p.k + k];
  [[unroll]] for (uint i = 0u; i < pixels; ++i) {
    [[unroll]] for (uint plane = 0u; plane < x_planes; ++plane) {
      const uint code = x[packed_word(source[i], x_planes, channel_words(p.c), plane, word)] & inside[i];
      if (is_signs == 0u) ones[i] += bitCount(code) << plane;
      [[unroll]] for (uint j = 0u; j < w_planes; ++j) {
        acc[i] += bitCount(is_signs != 0u ? (code ^ q[j]) & inside[i] : code & q[j]) << (plane + j);
      }
    }
  }
}

int total_of(uint i) {
  const int highest = int((1u << w_planes) - 1u);
  return is_signs != 0u ? highest * int(taps[i] * p.group_c) - 2 * acc[i] : 2 * acc[i] - highest * ones[i];
}

void main() {
  const uint first_pixel = linear_group() * pixels;
  if (first_pixel >= p.pixels) return;  // the whole workgroup
  const uint first_k = gl_WorkGroupID.z * gl_WorkGroupSize.x;
  const uint k = min(first_k + position(), p.k - 1u);
  const bool is_real = first_k + position() < p.k;
  const uint c_words = p.group_c / kWordBits;
  const uint first_word = has_groups != 0u ? k / p.group_k * c_words : 0u;
  [[unroll]] for (uint i = 0u; i < pixels; ++i) {
    acc[i] = ones[i] = 0;
    taps[i] = 0u;
  }
#ifndef LOWTIDE_OUTPUT_F32
  for (uint i = gl_LocalInvocationID.x; i < pixels * 16u; i += gl_WorkGroupSize.x) out_words[i] = 0u;
  barrier();
#endif
  for (uint tap = 0u; tap < p.kernel_h * p.kernel_w; ++tap) {
    find_sources(first_pixel, tap);
    for (uint c = 0u; c < c_words; ++c) accumulate((tap * c_words + c) * w_planes, first_word + c, k);
  }
#ifdef LOWTIDE_OUTPUT_F32
  [[unroll]] for (uint i = 0u; i < pixels; ++i) {
    if (is_real && first_pixel + i < p.pixels) y[(first_pixel + i) * p.k + k] = real_output(total_of(i), k);
  }
#else
  const uint first_position = gl_SubgroupID * gl_SubgroupSize;
  [[unroll]] for (uint i = 0u; i < pixels; ++i) {
    const uint code = output_code(total_of(i), k);
    for (uint plane = 0u; plane < p.output_bits; ++plane) {
      const uvec4 bits = subgroupBallot(is_real && ((code >> plane) & 1u) != 0u);
      if (gl_SubgroupInvocationID == 0u) {
        const uint at = (i * 8u + plane) * 2u + first_position / kWordBits;
        atomicOr(out_words[at], bits.x << first_position % kWordBits);
        if (gl_SubgroupSize > kWordBits) out_words[at + 1u] = bits.y;
      }
    }
  }
  barrier();
  const uint words = channel_words(p.k), first = first_k / kWordBits;
  const uint own_words = min(gl_WorkGroupSize.x / kWordBits, words - first);
  for (uint i = gl_LocalInvocationID.x; i < pixels * p.output_bits * own_words; i += gl_WorkGroupSize.x) {
    const uint word = i % own_words, plane = i / own_words % p.output_bits, row = i / own_words / p.output_bits;
    if (first_pixel + row < p.pixels) {
      y[packed_word(first_pixel + row, p.output_bits, words, plane, first + word)] = out_words[(row * 8u + plane) * 2u + word];
    }
  }
#endif
}
