// SPDX-License-Identifier: Apache-2.0
// conv2d forward, or one parity class of backward_input, by cooperative matrices.  destination = scale * gather(source, w)
// source [n,h,w,channels]  w [groups,lane,tap,reduced], LOWTIDE_LANES_INNER: [groups,reduced,tap,lane]  destination [n,h',w',channels']
// one workgroup = tile_rows pixels of the grid x tile_columns channels of one group
// needs: reduced channels per group and source channels are multiples of 4; |operands| below 65504; full subgroups
// reads source w, writes destination; accumulate: no
// reference: engine/reference/conv2d.cpp
//
// An implicit matrix product: rows are pixels, columns are destination channels, and the sum runs over taps and source
// channels. Operands are rounded to f16, sums are f32. For pixel (y, x) of the grid and tap (r, s) the source pixel is
// (y * row_numerator + r * row_step + row_offset, x * column_numerator + s * column_step + column_offset).
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
#include "conv2d.params.h"

WORKGROUP_WIDTH(32)
BUFFER_READ(0, vec4, source)
BUFFER_READ(1, vec4, w)
BUFFER_WRITE(2, float, destination)
PUSH_CONSTANTS(Conv2dMatrixParams, p)

#include "matrix_tile.glsl"

const uint kStep4 = step_reduced / 4u;
const uint kStride4 = kStep4 + 2u;  // of a row in shared memory, in f16vec4
const uint kSourceLoads = (tile_rows * kStep4 + gl_WorkGroupSize.x - 1u) / gl_WorkGroupSize.x;
const uint kWeightLoads = (tile_columns * kStep4 + gl_WorkGroupSize.x - 1u) / gl_WorkGroupSize.x;
// Of w's tile in shared memory: a row is a lane, or a reduced channel where lanes are contiguous. (A constant that is
// another one takes its name away in the compiled module: macros.)
#ifdef LOWTIDE_LANES_INNER
#define kWeightRows step_reduced
#define kWeightRow4 (tile_columns / 4u)
#else
#define kWeightRows tile_columns
#define kWeightRow4 kStep4
#endif
const uint kWeightStride4 = kWeightRow4 + 2u;
const uint kNowhere = 0xffffffffu;

shared f16vec4 source_tile[tile_rows * kStride4];
shared f16vec4 weight_tile[kWeightRows * kWeightStride4];
shared uint destination_first[tile_rows];  // of each pixel, in elements

vec4 next_source[kSourceLoads];
vec4 next_weight[kWeightLoads];
int source_row[kSourceLoads], source_column[kSourceLoads];  // of tap (0, 0)
uint source_image[kSourceLoads];                            // first vec4 of the image, or kNowhere

struct Block {
  uint first_pixel, group, first_lane;
};

// Where each pixel of the tile is read and written.
void find_pixels(const Block block) {
  const uint pixels = p.images * p.grid_height * p.grid_width;
  [[unroll]] for (uint i = 0; i < kSourceLoads; ++i) {
    const uint row = (gl_LocalInvocationID.x + i * gl_WorkGroupSize.x) / kStep4;
    const uint pixel = block.first_pixel + row;
    const uint x = pixel % p.grid_width, y = pixel / p.grid_width % p.grid_height;
    const uint image = pixel / p.grid_width / p.grid_height;
    source_row[i] = int(y) * p.row_numerator + p.row_offset;
    source_column[i] = int(x) * p.column_numerator + p.column_offset;
    source_image[i] = row < tile_rows && pixel < pixels
                          ? image * p.source_height * p.source_width * (p.source_channels / 4u)
                          : kNowhere;
  }
  for (uint row = gl_LocalInvocationID.x; row < tile_rows; row += gl_WorkGroupSize.x) {
    const uint pixel = block.first_pixel + row;
    const uint x = pixel % p.grid_width, y = pixel / p.grid_width % p.grid_height;
    const uint image = pixel / p.grid_width / p.grid_height;
    destination_first[row] = pixel < pixels ? p.destination_first + image * p.destination_image +
                                                  y * p.destination_row + x * p.destination_column
                                            : kNowhere;
  }
}

// Loads of one turn into registers: tap (r, s), source channels first .. first + step_reduced.
void load(const Block block, uint r, uint s, uint first) {
  const uint local = gl_LocalInvocationID.x;
  [[unroll]] for (uint i = 0; i < kSourceLoads; ++i) {
    const uint channel = first + (local + i * gl_WorkGroupSize.x) % kStep4 * 4u;
    const int y = source_row[i] + int(r) * p.row_step, x = source_column[i] + int(s) * p.column_step;
    const bool is_inside = source_image[i] != kNowhere && channel < p.group_reduced && uint(y) < p.source_height &&
                           uint(x) < p.source_width;
    const uint at = source_image[i] + (uint(y) * p.source_width + uint(x)) * (p.source_channels / 4u) +
                    (block.group * p.group_reduced + channel) / 4u;
    next_source[i] = vec4(0.0);
    if (is_inside) next_source[i] = source[at];
  }
  [[unroll]] for (uint i = 0; i < kWeightLoads; ++i) {
    const uint item = local + i * gl_WorkGroupSize.x;
    const uint row = item / kWeightRow4, inner = item % kWeightRow4 * 4u;
#ifdef LOWTIDE_LANES_INNER
    const uint lane = block.first_lane + inner, channel = first + row;
    const uint at = channel * p.w_outer + lane;
#else
    const uint lane = block.first_lane + row, channel = first + inner;
    const uint at = lane * p.w_outer + channel;
#endif
    next_weight[i] = vec4(0.0);
    if (row < kWeightRows && lane < p.group_lanes && channel < p.group_reduced) {
      next_weight[i] = w[(block.group * p.w_group + p.w_first + r * p.w_tap_row + s * p.w_tap_column + at) / 4u];
    }
  }
}

// From registers to shared memory, rounded to f16.
void store() {
  [[unroll]] for (uint i = 0; i < kSourceLoads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    if (item < tile_rows * kStep4) source_tile[item / kStep4 * kStride4 + item % kStep4] = f16vec4(next_source[i]);
  }
  [[unroll]] for (uint i = 0; i < kWeightLoads; ++i) {
    const uint item = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    const uint row = item / kWeightRow4;
    if (row < kWeightRows) weight_tile[row * kWeightStride4 + item % kWeightRow4] = f16vec4(next_weight[i]);
  }
}

void main() {
  uint id = linear_group();
  if (id >= p.workgroups) return;
  // Channel blocks change fastest: they share the source pixels.
  const uint blocks = ceil_div(p.group_lanes, tile_columns);
  Block block;
  block.first_lane = id % blocks * tile_columns;
  id /= blocks;
  block.group = id % p.groups;
  block.first_pixel = id / p.groups * tile_rows;
  find_pixels(block);

  SUMS sums[fragments];
  [[unroll]] for (uint i = 0; i < fragments; ++i) sums[i] = SUMS(0.0);

  // A turn is a tap and a slice of its source channels.
  uint r = 0, s = 0, first = 0;
  const uint turns = p.tap_rows * p.tap_columns * ceil_div(p.group_reduced, step_reduced);
  if (turns > 0) load(block, 0, 0, 0);
  for (uint turn = 0; turn < turns; ++turn) {
    barrier();
    store();
    barrier();
    first += step_reduced;
    if (first >= p.group_reduced) {
      first = 0;
      if (++s == p.tap_columns) {
        s = 0;
        ++r;
      }
    }
    if (turn + 1u < turns) load(block, r, s, first);
    [[unroll]] for (uint k = 0; k < step_reduced; k += matrix_k) {
      OPERAND_A a[row_fragments];
      [[unroll]] for (uint i = 0; i < row_fragments; ++i) {
        const uint row = first_row_of_subgroup() + i * matrix_m;
        coopMatLoad(a[i], source_tile, row * kStride4 + k / 4u, kStride4, gl_CooperativeMatrixLayoutRowMajor);
      }
      [[unroll]] for (uint j = 0; j < column_fragments; ++j) {
        OPERAND_B b;
        const uint column = first_column_of_subgroup() + j * matrix_n;
#ifdef LOWTIDE_LANES_INNER
        coopMatLoad(b, weight_tile, k * kWeightStride4 + column / 4u, kWeightStride4, gl_CooperativeMatrixLayoutRowMajor);
#else
        coopMatLoad(b, weight_tile, column * kWeightStride4 + k / 4u, kWeightStride4,
                    gl_CooperativeMatrixLayoutColumnMajor);
#endif
        [[unroll]] for (uint i = 0; i < row_fragments; ++i) {
          sums[i * column_fragments + j] = coopMatMulAdd(a[i], b, sums[i * column_fragments + j]);
        }
      }
    }
  }

  barrier();  // destination_first, where there was no turn
  const uint stage = gl_SubgroupID * matrix_m * matrix_n;
  [[unroll]] for (uint i = 0; i < row_fragments; ++i) {
    [[unroll]] for (uint j = 0; j < column_fragments; ++j) {
      subgroupBarrier();
      coopMatStore(sums[i * column_fragments + j], staged, stage, matrix_n, gl_CooperativeMatrixLayoutRowMajor);
      subgroupBarrier();
      const uint first_row = first_row_of_subgroup() + i * matrix_m;
      const uint first_lane = block.first_lane + first_column_of_subgroup() + j * matrix_n;
      for (uint e = gl_SubgroupInvocationID; e < matrix_m * matrix_n; e += gl_SubgroupSize) {
        const uint lane = first_lane + e % matrix_n, at = destination_first[first_row + e / matrix_n];
        if (at != kNowhere && lane < p.group_lanes) {
          destination[at + block.group * p.group_lanes + lane] = staged[stage + e] * p.scale;
        }
      }
    }
  }
}
