// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward by integer dot products.  acc = sum over taps inside x and over c of level(x) * level(w), four at once
// x [n,h,w,c] x_planes planes  w u32 [words, w_planes, k]  y [n,oh,ow,k] planes or f32 (output.glsl)
// one workgroup = tile_pixels pixels x 32 output channels; an invocation holds 4 quads x 4 of their sums
// needs: integer_dot; input channels per group a multiple of 32; groups = 1 or output channels per group one too
// reads x w thresholds (multiplier offset), writes y; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
//
// A turn is a tap and a word of its channels. Its planes become levels of 8 bits in shared memory, once for the workgroup
// (levels.glsl); while they are multiplied, the planes of the next turn are on their way into registers.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_integer_dot_product : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint quads = 1;  // of pixels, of an invocation
layout(constant_id = 2) const uint x_planes = 1;
layout(constant_id = 3) const uint w_planes = 1;
layout(constant_id = 4) const uint kinds = 1;  // 3 * kind of w + kind of x
const uint tile_pixels = 32u * quads;
const uint loads = (tile_pixels + 32u) / 64u + (quads % 2u == 0u ? 1u : 0u);  // rows of an invocation: of x, then of w

PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, uint, w)
#include "output.glsl"
#include "levels.glsl"

// Word t of all rows lies together: invocations along rows write side by side and read four at once.
shared uvec4 x_tile[8u * tile_pixels / 4u];
shared uvec4 w_tile[8u * 32u / 4u];
shared int sums[tile_pixels + 32u];  // sum x of each pixel, sum W of each channel
#ifndef LOWTIDE_OUTPUT_F32
shared uint out_words[tile_pixels * 8u];
#endif

uint next[loads * 8u];    // planes of a row
uint next_inside[loads];  // a row of x: all ones or 0
int row_sum[loads];

// The planes of a turn, of the rows that this invocation unpacks.
void load(uint first_pixel, uint first_k, uint tap, uint word) {
  const uint c_words = p.group_c / 32u;
  [[unroll]] for (uint i = 0u; i < loads; ++i) {
    const uint row = gl_LocalInvocationID.x + i * 64u;
    [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) next[i * 8u + plane] = 0u;
    next_inside[i] = 0u;
    if (row < tile_pixels) {
      const uint pixel = min(first_pixel + row, p.pixels - 1u);
      const uint ox = pixel % p.ow, oy = pixel / p.ow % p.oh, n = pixel / (p.ow * p.oh);
      // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
      const uint iy = oy * p.stride_h + tap / p.kernel_w * p.dilation_h - p.pad_h;
      const uint ix = ox * p.stride_w + tap % p.kernel_w * p.dilation_w - p.pad_w;
      if (iy < p.h && ix < p.w) {
        next_inside[i] = 0xffffffffu;
        const uint source = (n * p.h + iy) * p.w + ix;
        const uint at = packed_word(source, x_planes, channel_words(p.c), 0u, first_k / p.group_k * c_words + word);
        [[unroll]] for (uint plane = 0u; plane < x_planes; ++plane) {
          next[i * 8u + plane] = x[at + plane * channel_words(p.c)];
        }
      }
    } else if (row < tile_pixels + 32u) {
      const uint k = min(first_k + row - tile_pixels, p.k - 1u);
      [[unroll]] for (uint plane = 0u; plane < w_planes; ++plane) {
        next[i * 8u + plane] = w[((tap * c_words + word) * w_planes + plane) * p.k + k];
      }
    }
  }
}

// From planes in registers to levels in shared memory.
void unpack() {
  [[unroll]] for (uint i = 0u; i < loads; ++i) {
    const uint row = gl_LocalInvocationID.x + i * 64u;
    uint codes[8];
    [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) codes[plane] = next[i * 8u + plane];
    if (row < tile_pixels) {
      const uint terms[8] = x_terms_of(codes);
      if (is_w_halved) row_sum[i] += x_sum(terms, next_inside[i]);
      [[unroll]] for (uint t = 0u; t < 8u; ++t) {
        x_tile[(t * tile_pixels + row) / 4u][row % 4u] = x_bytes(terms, t, next_inside[i]);
      }
    } else if (row < tile_pixels + 32u) {
      const uint terms[8] = w_terms_of(codes);
      const uint column = row - tile_pixels;
      if (is_x_centred) row_sum[i] += w_sum(terms);
      [[unroll]] for (uint t = 0u; t < 8u; ++t) w_tile[(t * 32u + column) / 4u][column % 4u] = w_bytes(terms, t);
    }
  }
}

int acc[16u * quads];  // [pixel of 4 quads][channel of 4]

void multiply(uint pixel_lane, uint channel_quad) {
  [[unroll]] for (uint t = 0u; t < 8u; ++t) {
    const uvec4 right = w_tile[t * 8u + channel_quad];
    [[unroll]] for (uint q = 0u; q < quads; ++q) {
      const uvec4 left = x_tile[t * tile_pixels / 4u + q * 8u + pixel_lane];
      [[unroll]] for (uint i = 0u; i < 4u; ++i) {
        [[unroll]] for (uint j = 0u; j < 4u; ++j) {
          acc[(q * 4u + i) * 4u + j] += dotPacked4x8EXT(int(left[i]), int(right[j]));
        }
      }
    }
  }
}

void main() {
  const uint first_pixel = linear_group() * tile_pixels;
  const uint first_k = gl_WorkGroupID.z * 32u;
  if (first_pixel >= p.pixels) return;  // the whole workgroup
  const uint lane = gl_LocalInvocationID.x, pixel_lane = lane / 8u, channel_quad = lane % 8u;
  [[unroll]] for (uint i = 0u; i < 16u * quads; ++i) acc[i] = 0;
  [[unroll]] for (uint i = 0u; i < loads; ++i) row_sum[i] = 0;
#ifndef LOWTIDE_OUTPUT_F32
  for (uint i = lane; i < tile_pixels * 8u; i += 64u) out_words[i] = 0u;
#endif

  const uint c_words = p.group_c / 32u;
  const uint turns = p.kernel_h * p.kernel_w * c_words;
  load(first_pixel, first_k, 0u, 0u);
  for (uint turn = 0u; turn < turns; ++turn) {
    barrier();
    unpack();
    barrier();
    const uint next_turn = min(turn + 1u, turns - 1u);
    load(first_pixel, first_k, next_turn / c_words, next_turn % c_words);
    multiply(pixel_lane, channel_quad);
  }
  if (is_x_centred || is_w_halved) {
    [[unroll]] for (uint i = 0u; i < loads; ++i) {
      if (lane + i * 64u < tile_pixels + 32u) sums[lane + i * 64u] = row_sum[i];
    }
    barrier();
  }

  [[unroll]] for (uint i = 0u; i < 4u * quads; ++i) {
    const uint row = i / 4u * 32u + pixel_lane * 4u + i % 4u, pixel = first_pixel + row;
    [[unroll]] for (uint j = 0u; j < 4u; ++j) {
      const uint column = channel_quad * 4u + j, k = first_k + column;
      if (pixel < p.pixels && k < p.k) {
        int total = acc[i * 4u + j];
        if (is_x_centred || is_w_halved) total = from_bytes(total, sums[row], sums[tile_pixels + column]);
#ifdef LOWTIDE_OUTPUT_F32
        y[pixel * p.k + k] = real_output(total, k);
#else
        const uint code = output_code(total, k);
        for (uint plane = 0u; plane < p.output_bits; ++plane) {
          atomicOr(out_words[row * 8u + plane], ((code >> plane) & 1u) << column);
        }
#endif
      }
    }
  }
#ifndef LOWTIDE_OUTPUT_F32
  barrier();
  for (uint i = lane; i < tile_pixels * p.output_bits; i += 64u) {
    const uint row = i / p.output_bits, plane = i % p.output_bits, pixel = first_pixel + row;
    if (pixel < p.pixels) {
      y[packed_word(pixel, p.output_bits, channel_words(p.k), plane, first_k / 32u)] = out_words[row * 8u + plane];
    }
  }
#endif
}
