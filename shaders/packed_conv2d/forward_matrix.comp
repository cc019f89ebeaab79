// SPDX-License-Identifier: Apache-2.0
// packed_conv2d forward by cooperative matrices.  acc = sum over taps inside x and over c of level(x) * level(w), levels of 8 bits
// x [n,h,w,c] x_planes planes  w u32 [r*s, c_words, w_planes, k]  y [n,oh,ow,k] planes or f32 (output.glsl)
// one workgroup = tile_rows pixels x tile_columns output channels of one group
// needs: cooperative_matrix_int8; full subgroups; channels per group multiples of 32 (output channels: or groups = 1)
// reads x w thresholds (multiplier offset), writes y; accumulate: no
// reference: engine/reference/packed_conv2d.cpp
//
// An implicit matrix product: rows are pixels, columns are output channels, the sum runs over the words of all taps. A turn
// is step_words of them: their planes become levels of 8 bits in shared memory (levels.glsl), and while those are
// multiplied the planes of the next turn are on their way into registers. Rows of shared memory are 16 bytes longer than
// they need be, against bank conflicts. Sums are exact in 32 bits.
#version 450
#pragma use_vulkan_memory_model
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/pack.glsl"
#include "packed_conv2d.params.h"

WORKGROUP_WIDTH(32)
layout(constant_id = 1) const uint matrix_m = 16;  // a shape that the device lists for s8 x s8 -> s32
layout(constant_id = 2) const uint matrix_n = 16;
layout(constant_id = 3) const uint matrix_k = 32;  // divides 32
layout(constant_id = 4) const uint subgroup_rows = 1;
layout(constant_id = 5) const uint subgroup_columns = 1;
layout(constant_id = 6) const uint row_fragments = 1;
layout(constant_id = 7) const uint column_fragments = 2;
layout(constant_id = 8) const uint step_words = 1;
layout(constant_id = 9) const uint x_planes = 1;
layout(constant_id = 10) const uint w_planes = 1;
layout(constant_id = 11) const uint kinds = 1;       // 3 * kind of w + kind of x
layout(constant_id = 12) const uint c_words = 2;     // of a group
layout(constant_id = 13) const uint kernel_w = 3;
layout(constant_id = 14) const uint y_planes = 1;    // of packed y

const uint tile_rows = subgroup_rows * row_fragments * matrix_m;
const uint tile_columns = subgroup_columns * column_fragments * matrix_n;  // a multiple of 32
const uint tile_words = tile_columns / 32u;
const uint fragments = row_fragments * column_fragments;
const uint stride = 8u * step_words + 4u;  // of a row in shared memory, in words
const uint x_loads = (tile_rows * step_words + gl_WorkGroupSize.x - 1u) / gl_WorkGroupSize.x;
const uint w_loads = (tile_columns * step_words + gl_WorkGroupSize.x - 1u) / gl_WorkGroupSize.x;
const uint kNowhere = 0xffffffffu;

PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, uint, w)
#include "output.glsl"
#include "levels.glsl"

#define SUMS coopmat<int, gl_ScopeSubgroup, matrix_m, matrix_n, gl_MatrixUseAccumulator>
#define OPERAND_A coopmat<int8_t, gl_ScopeSubgroup, matrix_m, matrix_k, gl_MatrixUseA>
#define OPERAND_B coopmat<int8_t, gl_ScopeSubgroup, matrix_k, matrix_n, gl_MatrixUseB>

shared uint x_tile[tile_rows * stride];
shared uint w_tile[tile_columns * stride];
shared int staged[subgroup_rows * subgroup_columns * matrix_m * matrix_n];
shared int level_sums[tile_rows + tile_columns];  // sum x of each pixel, sum W of each channel
#ifndef LOWTIDE_OUTPUT_F32
shared uint out_words[tile_rows * tile_words * y_planes];
#endif

// What an invocation carries to shared memory in each turn: word item % step_words of row item / step_words.
uint next_x[x_loads * 8u], next_w[w_loads * 8u];
uint x_inside[x_loads], w_inside[w_loads];  // all ones or 0
uint x_row[x_loads], x_column[x_loads];     // of tap (0, 0); they wrap around where that lies outside
uint x_image[x_loads];                      // first pixel of the image, or kNowhere
int x_sums[x_loads], w_sums[w_loads];

struct Block {
  uint first_pixel, group, first_column;  // of the group's output channels
};

void find_pixels(const Block block) {
  [[unroll]] for (uint i = 0u; i < x_loads; ++i) {
    const uint row = (gl_LocalInvocationID.x + i * gl_WorkGroupSize.x) / step_words;
    const uint pixel = block.first_pixel + row;
    x_row[i] = pixel / p.ow % p.oh * p.stride_h - p.pad_h;
    x_column[i] = pixel % p.ow * p.stride_w - p.pad_w;
    x_image[i] = row < tile_rows && pixel < p.pixels ? pixel / (p.ow * p.oh) * p.h * p.w : kNowhere;
  }
}

void load(const Block block, uint turn, uint words) {
  [[unroll]] for (uint i = 0u; i < x_loads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    const uint word = turn * step_words + item % step_words, tap = word / c_words;
    // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
    const uint iy = x_row[i] + tap / kernel_w * p.dilation_h, ix = x_column[i] + tap % kernel_w * p.dilation_w;
    const bool is_inside = x_image[i] != kNowhere && word < words && iy < p.h && ix < p.w;
    const uint at = packed_word(x_image[i] + iy * p.w + ix, x_planes, channel_words(p.c), 0u,
                                block.group * c_words + word % c_words);
    x_inside[i] = is_inside ? 0xffffffffu : 0u;
    [[unroll]] for (uint plane = 0u; plane < x_planes; ++plane) {
      next_x[i * 8u + plane] = 0u;
      if (is_inside) next_x[i * 8u + plane] = x[at + plane * channel_words(p.c)];
    }
  }
  [[unroll]] for (uint i = 0u; i < w_loads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    const uint word = turn * step_words + item % step_words, column = block.first_column + item / step_words;
    const bool is_inside = item < tile_columns * step_words && word < words && column < p.group_k;
    w_inside[i] = is_inside ? 0xffffffffu : 0u;
    [[unroll]] for (uint plane = 0u; plane < w_planes; ++plane) {
      next_w[i * 8u + plane] = 0u;
      if (is_inside) next_w[i * 8u + plane] = w[(word * w_planes + plane) * p.k + block.group * p.group_k + column];
    }
  }
}

// From planes in registers to levels in shared memory.
void unpack() {
  uint codes[8] = uint[8](0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);
  [[unroll]] for (uint i = 0u; i < x_loads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    [[unroll]] for (uint plane = 0u; plane < x_planes; ++plane) codes[plane] = next_x[i * 8u + plane];
    const uint terms[8] = x_terms_of(codes);
    if (is_w_halved) x_sums[i] += x_sum(terms, x_inside[i]);
    const uint at = item / step_words * stride + item % step_words * 8u;
    [[unroll]] for (uint t = 0u; t < 8u; ++t) {
      if (item < tile_rows * step_words) x_tile[at + t] = x_bytes(terms, t, x_inside[i]);
    }
  }
  [[unroll]] for (uint i = 0u; i < w_loads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    [[unroll]] for (uint plane = 0u; plane < w_planes; ++plane) codes[plane] = next_w[i * 8u + plane];
    const uint terms[8] = w_terms_of(codes);
    if (is_x_centred) w_sums[i] += w_sum(terms) & int(w_inside[i]);
    const uint at = item / step_words * stride + item % step_words * 8u;
    [[unroll]] for (uint t = 0u; t < 8u; ++t) {
      if (item < tile_columns * step_words) w_tile[at + t] = w_bytes(terms, t) & w_inside[i];
    }
  }
}

uint first_row_of_subgroup() { return gl_SubgroupID / subgroup_columns * row_fragments * matrix_m; }
uint first_column_of_subgroup() { return gl_SubgroupID % subgroup_columns * column_fragments * matrix_n; }

void add_level_sums() {
  [[unroll]] for (uint i = 0u; i < x_loads; ++i) {
    const uint row = (gl_LocalInvocationID.x + i * gl_WorkGroupSize.x) / step_words;
    if (row < tile_rows) atomicAdd(level_sums[row], x_sums[i]);
  }
  [[unroll]] for (uint i = 0u; i < w_loads; ++i) {
    const uint column = (gl_LocalInvocationID.x + i * gl_WorkGroupSize.x) / step_words;
    if (column < tile_columns) atomicAdd(level_sums[tile_rows + column], w_sums[i]);
  }
}

void finish(const Block block, uint row, uint column, int sum) {
  const uint pixel = block.first_pixel + row, k = block.group * p.group_k + block.first_column + column;
  if (pixel >= p.pixels || block.first_column + column >= p.group_k) return;
  if (is_x_centred || is_w_halved) sum = from_bytes(sum, level_sums[row], level_sums[tile_rows + column]);
#ifdef LOWTIDE_OUTPUT_F32
  y[pixel * p.k + k] = real_output(sum, k);
#else
  const uint code = output_code(sum, k);
  const uint at = (row * tile_words + column / 32u) * y_planes;
  [[unroll]] for (uint plane = 0u; plane < y_planes; ++plane) {
    atomicOr(out_words[at + plane], ((code >> plane) & 1u) << column % 32u);
  }
#endif
}

void main() {
  const uint local = gl_LocalInvocationID.x, width = gl_WorkGroupSize.x;
  // Channel blocks change fastest: they share the pixels.
  const uint blocks = ceil_div(p.group_k, tile_columns), groups = p.k / p.group_k;
  uint id = linear_group();
  if (id >= ceil_div(p.pixels, tile_rows) * groups * blocks) return;  // the whole workgroup
  Block block;
  block.first_column = id % blocks * tile_columns;
  id /= blocks;
  block.group = id % groups;
  block.first_pixel = id / groups * tile_rows;
  find_pixels(block);
  [[unroll]] for (uint i = 0u; i < x_loads; ++i) x_sums[i] = 0;
  [[unroll]] for (uint i = 0u; i < w_loads; ++i) w_sums[i] = 0;
  for (uint i = local; i < tile_rows + tile_columns; i += width) level_sums[i] = 0;
#ifndef LOWTIDE_OUTPUT_F32
  for (uint i = local; i < tile_rows * tile_words * y_planes; i += width) out_words[i] = 0u;
#endif

  SUMS sums[fragments];
  [[unroll]] for (uint i = 0u; i < fragments; ++i) sums[i] = SUMS(0);
  const uint words = p.kernel_h * kernel_w * c_words, turns = ceil_div(words, step_words);
  load(block, 0u, words);
  for (uint turn = 0u; turn < turns; ++turn) {
    barrier();
    unpack();
    barrier();
    load(block, turn + 1u, words);
    [[unroll]] for (uint at = 0u; at < 8u * step_words; at += matrix_k / 4u) {
      OPERAND_A a[row_fragments];
      [[unroll]] for (uint i = 0u; i < row_fragments; ++i) {
        const uint row = first_row_of_subgroup() + i * matrix_m;
        coopMatLoad(a[i], x_tile, row * stride + at, stride, gl_CooperativeMatrixLayoutRowMajor);
      }
      [[unroll]] for (uint j = 0u; j < column_fragments; ++j) {
        OPERAND_B b;
        const uint column = first_column_of_subgroup() + j * matrix_n;
        coopMatLoad(b, w_tile, column * stride + at, stride, gl_CooperativeMatrixLayoutColumnMajor);
        [[unroll]] for (uint i = 0u; i < row_fragments; ++i) {
          sums[i * column_fragments + j] = coopMatMulAdd(a[i], b, sums[i * column_fragments + j]);
        }
      }
    }
  }

  if (is_x_centred || is_w_halved) {
    add_level_sums();
    barrier();
  }
  const uint stage = gl_SubgroupID * matrix_m * matrix_n;
  [[unroll]] for (uint i = 0u; i < row_fragments; ++i) {
    [[unroll]] for (uint j = 0u; j < column_fragments; ++j) {
      subgroupBarrier();
      coopMatStore(sums[i * column_fragments + j], staged, stage, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
      subgroupBarrier();
      const uint row = first_row_of_subgroup() + i * matrix_m, column = first_column_of_subgroup() + j * matrix_n;
      for (uint e = gl_SubgroupInvocationID; e < matrix_m * matrix_n; e += gl_SubgroupSize) {
        finish(block, row + e / matrix_n, column + e % matrix_n, staged[stage + e]);
      }
    }
  }
#ifndef LOWTIDE_OUTPUT_F32
  barrier();
  const uint y_words = channel_words(p.k), first_word = (block.group * p.group_k + block.first_column) / 32u;
  for (uint i = local; i < tile_rows * tile_words * y_planes; i += width) {
    const uint plane = i % y_planes, word = i / y_planes % tile_words, pixel = block.first_pixel + i / y_planes / tile_words;
    if (pixel < p.pixels && block.first_column + word * 32u < p.group_k) {
      y[packed_word(pixel, y_planes, y_words, plane, first_word + word)] = out_words[i];
    }
  }
#endif
}
