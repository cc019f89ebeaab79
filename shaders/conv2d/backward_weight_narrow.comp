// SPDX-License-Identifier: Apache-2.0
// conv2d backward_weight, tuned for few input channels (first layers).  dw = scale * sum over pixels of dy * x
// x [n,h,w,c]  dy [n,oh,ow,k]  dw [k,r,s,group_c] or partial sums: slices.glsl
// one workgroup = a slice x tile_rows kernel rows x all taps and input channels x its width in output channels, one per lane
// needs: nothing; tile_rows * kernel_width * group_c sums per lane should fit registers, else backward_weight
// reads x dy, updates partials counters, writes dw; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/last_workgroup.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(16)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dw)
BUFFER_EXCHANGE(3, float, partials)
BUFFER_COUNTERS(4)
PUSH_CONSTANTS(Conv2dBackwardWeightParams, p)

layout(constant_id = 1) const uint tile_rows = 1;     // kernel rows
layout(constant_id = 2) const uint tile_columns = 1;  // columns of dy per turn of the loop
layout(constant_id = 3) const uint x_channels = 1;
layout(constant_id = 4) const uint dy_channels = 1;
layout(constant_id = 5) const uint x_width = 1;
layout(constant_id = 6) const uint dy_width = 1;
layout(constant_id = 7) const uint kernel_width = 1;
layout(constant_id = 8) const int stride = 1;
layout(constant_id = 9) const int dilation = 1;
layout(constant_id = 10) const int pad = 0;
layout(constant_id = 11) const uint group_k = 1;
layout(constant_id = 12) const uint group_c = 1;
layout(constant_id = 13) const uint sums_slices = 0;

#include "slices.glsl"

// backward_weight.comp with x and dy changing places: lanes load a run of dy once and use it for every tap and input
// channel; x is the same for all lanes. Column `column` of dy meets column * stride + s * dilation - pad of x.
const uint kTiles = (dy_width + tile_columns - 1u) / tile_columns;
const int kLastBase = int((kTiles - 1u) * tile_columns);
const int kFirst = -pad;
const int kLast = int(tile_columns - 1u) * stride + int(kernel_width - 1u) * dilation - pad;

void main() {
  uint group_id = linear_group();
  if (group_id >= p.workgroups) return;
  const uint width = gl_WorkGroupSize.x;
  const uint k_blocks = ceil_div(group_k, width);
  const uint r_blocks = ceil_div(p.kernel_height, tile_rows);
  const uint k = group_id % k_blocks * width + gl_LocalInvocationID.x;
  group_id /= k_blocks;
  const uint first_r = group_id % r_blocks * tile_rows;
  group_id /= r_blocks;
  const uint group = group_id % p.groups;
  const uint slice = group_id / p.groups;

  const uint turns = p.images * p.dy_height * kTiles;
  const uint per_slice = ceil_div(turns, p.slices);
  const uint end = min((slice + 1u) * per_slice, turns);

  float sums[tile_rows * group_c * kernel_width];
  [[unroll]] for (uint i = 0; i < tile_rows * group_c * kernel_width; ++i) sums[i] = 0.0;

  const uint lane_first = group * group_k + min(k, group_k - 1u);
  // The test stands at the end for the reason given in tile.glsl.
  if (slice * per_slice < end) for (uint turn = slice * per_slice;;) {
    const uint base = turn % kTiles * tile_columns;
    const uint oy = turn / kTiles % p.dy_height;
    const uint image = turn / kTiles / p.dy_height;
    const uint dy_row = (image * p.dy_height + oy) * dy_width * dy_channels + lane_first;

    float values[tile_columns];
    [[unroll]] for (uint j = 0; j < tile_columns; ++j) {
      const bool is_inside = uint(kLastBase) + j < dy_width || base + j < dy_width;
      values[j] = dy[is_inside ? dy_row + (base + j) * dy_channels : dy_row];
      if (!is_inside) values[j] = 0.0;
    }
    [[unroll]] for (uint i = 0; i < tile_rows; ++i) {
      const uint iy = oy * p.stride_h + (first_r + i) * p.dilation_h - p.pad_h;  // wraps around below zero
      const bool is_row = iy < p.x_height;
      const uint x_row = (image * p.x_height + (is_row ? iy : 0u)) * x_width * x_channels + group * group_c;
      [[unroll]] for (uint c = 0; c < group_c; ++c) {
        [[unroll]] for (int column = kFirst; column <= kLast; ++column) {
          const bool is_surely_inside = column >= 0 && kLastBase * stride + column < int(x_width);
          const bool is_column = is_surely_inside || uint(int(base) * stride + column) < x_width;
          float value = x[x_row + c + (is_column ? (base * uint(stride) + uint(column)) * x_channels : 0u)];
          if (!(is_row && is_column)) value = 0.0;
          [[unroll]] for (uint s = 0; s < kernel_width; ++s) {
            const int distance = column - int(s) * dilation + pad;
            const int j = distance / stride;
            if (distance >= 0 && j * stride == distance && j < int(tile_columns)) {
              sums[(i * group_c + c) * kernel_width + s] += value * values[j];
            }
          }
        }
      }
    }
    if (++turn >= end) break;
  }

  const uint row_words = kernel_width * group_c;  // of a kernel row
  const uint first_word = ((group * group_k + k) * p.kernel_height + first_r) * row_words;
  [[unroll]] for (uint i = 0; i < tile_rows; ++i) {
    if (first_r + i < p.kernel_height && k < group_k) {
      [[unroll]] for (uint s = 0; s < kernel_width; ++s) {
        [[unroll]] for (uint c = 0; c < group_c; ++c) {
          put(slice, first_word + i * row_words + s * group_c + c, sums[(i * group_c + c) * kernel_width + s]);
        }
      }
    }
  }
  if (sums_slices != 0u) {
    if (is_last_of_tile()) {
      const uint words = k < group_k ? min(tile_rows, p.kernel_height - first_r) * row_words : 0u;
      for (uint i = 0u; i < words; ++i) put_sum_of_slices(first_word + i);
    }
  }
}
