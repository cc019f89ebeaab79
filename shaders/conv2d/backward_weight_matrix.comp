// SPDX-License-Identifier: Apache-2.0
// conv2d backward_weight by cooperative matrices.  dw[k,r,s,c] = scale * sum over pixels of dy[pixel,k] * x[gathered,c]
// x [n,h,w,c]  dy [n,oh,ow,k]  dw [k,r,s,group_c] or partial sums: slices.glsl
// one workgroup = tile_rows output channels x tile_columns input channels of one tap, over the pixels of one slice
// needs: channels per group are multiples of 4; |operands| below 65504; full subgroups
// reads x dy, updates partials counters, writes dw; accumulate: no
// reference: engine/reference/conv2d.cpp
//
// Operands are rounded to f16, sums are f32. The order of summation depends on the tile alone: same bits in every run.
#version 450
#pragma use_vulkan_memory_model
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/last_workgroup.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(32)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, dy)
BUFFER_WRITE(2, float, dw)
BUFFER_EXCHANGE(3, float, partials)
BUFFER_COUNTERS(4)
PUSH_CONSTANTS(Conv2dMatrixWeightParams, p)

#include "matrix_tile.glsl"
layout(constant_id = 9) const uint sums_slices = 0;
#include "slices.glsl"

// Shared memory holds a row per pixel: its output channels, its input channels.
const uint kRows4 = tile_rows / 4u, kColumns4 = tile_columns / 4u;
const uint kDyStride4 = kRows4 + 2u, kXStride4 = kColumns4 + 2u;
const uint kDyLoads = (step_reduced * kRows4 + gl_WorkGroupSize.x - 1u) / gl_WorkGroupSize.x;
const uint kXLoads = (step_reduced * kColumns4 + gl_WorkGroupSize.x - 1u) / gl_WorkGroupSize.x;

shared f16vec4 dy_tile[step_reduced * kDyStride4];
shared f16vec4 x_tile[step_reduced * kXStride4];

vec4 next_dy[kDyLoads];
vec4 next_x[kXLoads];

struct Block {
  uint group, first_k, first_c, r, s, slice, end;  // pixels of the slice: up to `end`
};

// Loads of one turn into registers: pixels first .. first + step_reduced.
void load(const Block block, uint first) {
  [[unroll]] for (uint i = 0; i < kDyLoads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    const uint pixel = first + item / kRows4, k = block.first_k + item % kRows4 * 4u;
    next_dy[i] = vec4(0.0);
    if (item < step_reduced * kRows4 && pixel < block.end && k < p.group_k) {
      next_dy[i] = dy[(pixel * p.groups * p.group_k + block.group * p.group_k + k) / 4u];
    }
  }
  [[unroll]] for (uint i = 0; i < kXLoads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    const uint pixel = first + item / kColumns4, c = block.first_c + item % kColumns4 * 4u;
    const uint image = pixel / p.dy_width / p.dy_height;
    const int row = int(pixel / p.dy_width % p.dy_height * p.stride_h + block.r * p.dilation_h) - int(p.pad_h);
    const int column = int(pixel % p.dy_width * p.stride_w + block.s * p.dilation_w) - int(p.pad_w);
    const bool is_inside = item < step_reduced * kColumns4 && pixel < block.end && c < p.group_c &&
                           uint(row) < p.x_height && uint(column) < p.x_width;
    const uint x_pixel = (image * p.x_height + uint(row)) * p.x_width + uint(column);
    next_x[i] = vec4(0.0);
    if (is_inside) next_x[i] = x[(x_pixel * p.groups * p.group_c + block.group * p.group_c + c) / 4u];
  }
}

// From registers to shared memory, rounded to f16.
void store() {
  [[unroll]] for (uint i = 0; i < kDyLoads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    if (item < step_reduced * kRows4) dy_tile[item / kRows4 * kDyStride4 + item % kRows4] = f16vec4(next_dy[i]);
  }
  [[unroll]] for (uint i = 0; i < kXLoads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    if (item < step_reduced * kColumns4) x_tile[item / kColumns4 * kXStride4 + item % kColumns4] = f16vec4(next_x[i]);
  }
}

Block find_block(uint id) {
  const uint k_blocks = ceil_div(p.group_k, tile_rows), c_blocks = ceil_div(p.group_c, tile_columns);
  Block block;
  block.first_c = id % c_blocks * tile_columns;
  id /= c_blocks;
  block.s = id % p.kernel_width;
  id /= p.kernel_width;
  block.r = id % p.kernel_height;
  id /= p.kernel_height;
  block.first_k = id % k_blocks * tile_rows;
  id /= k_blocks;
  block.group = id % p.groups;
  block.slice = id / p.groups;
  block.end = min((block.slice + 1u) * p.slice_pixels, p.images * p.dy_height * p.dy_width);
  return block;
}

uint word_of(const Block block, uint k, uint c) {
  const uint row = ((block.group * p.group_k + k) * p.kernel_height + block.r) * p.kernel_width + block.s;
  return row * p.group_c + c;
}

void main() {
  if (linear_group() >= p.workgroups) return;
  const Block block = find_block(linear_group());
  SUMS sums[fragments];
  [[unroll]] for (uint i = 0; i < fragments; ++i) sums[i] = SUMS(0.0);

  const uint start = block.slice * p.slice_pixels;
  load(block, start);
  for (uint first = start; first < block.end; first += step_reduced) {
    barrier();
    store();
    barrier();
    if (first + step_reduced < block.end) load(block, first + step_reduced);
    [[unroll]] for (uint k = 0; k < step_reduced; k += matrix_k) {
      OPERAND_A a[row_fragments];
      [[unroll]] for (uint i = 0; i < row_fragments; ++i) {
        const uint row = first_row_of_subgroup() + i * matrix_m;
        coopMatLoad(a[i], dy_tile, k * kDyStride4 + row / 4u, kDyStride4, gl_CooperativeMatrixLayoutColumnMajor);
      }
      [[unroll]] for (uint j = 0; j < column_fragments; ++j) {
        OPERAND_B b;
        const uint column = first_column_of_subgroup() + j * matrix_n;
        coopMatLoad(b, x_tile, k * kXStride4 + column / 4u, kXStride4, gl_CooperativeMatrixLayoutRowMajor);
        [[unroll]] for (uint i = 0; i < row_fragments; ++i) {
          sums[i * column_fragments + j] = coopMatMulAdd(a[i], b, sums[i * column_fragments + j]);
        }
      }
    }
  }

  const uint stage = gl_SubgroupID * matrix_m * matrix_n;
  [[unroll]] for (uint i = 0; i < row_fragments; ++i) {
    [[unroll]] for (uint j = 0; j < column_fragments; ++j) {
      subgroupBarrier();
      coopMatStore(sums[i * column_fragments + j], staged, stage, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
      subgroupBarrier();
      const uint first_k = block.first_k + first_row_of_subgroup() + i * matrix_m;
      const uint first_c = block.first_c + first_column_of_subgroup() + j * matrix_n;
      for (uint e = gl_SubgroupInvocationID; e < matrix_m * matrix_n; e += gl_SubgroupSize) {
        const uint k = first_k + e / matrix_n, c = first_c + e % matrix_n;
        if (k < p.group_k && c < p.group_c) put(block.slice, word_of(block, k, c), staged[stage + e]);
      }
    }
  }
  if (sums_slices != 0u) {
    if (is_last_of_tile()) {
      for (uint e = gl_LocalInvocationID.x; e < tile_rows * tile_columns; e += gl_WorkGroupSize.x) {
        const uint k = block.first_k + e / tile_columns, c = block.first_c + e % tile_columns;
        if (k < p.group_k && c < p.group_c) put_sum_of_slices(word_of(block, k, c));
      }
    }
  }
}
