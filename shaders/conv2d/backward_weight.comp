// SPDX-License-Identifier: Apache-2.0
// conv2d backward_weight, tuned.  dw = scale * sum over slices of the sum over the slice's pixels of dy * x
// x [n,h,w,c], or its codes  dy [n,oh,ow,k]  dw [k,r,s,group_c] or partial sums: slices.glsl
// one workgroup = a slice x tile_out output channels x one kernel row x its width in input channels, one per lane
// needs: stride divides tile_columns or one tile covers a row of x; else backward_weight_naive
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
#include "codes.glsl"
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dw)
BUFFER_EXCHANGE(3, float, partials)
BUFFER_COUNTERS(4)
PUSH_CONSTANTS(Conv2dBackwardWeightParams, p)

layout(constant_id = 1) const uint tile_out = 1;      // output channels
layout(constant_id = 2) const uint tile_columns = 1;  // columns of x per turn of the loop
layout(constant_id = 3) const uint x_channels = 1;
layout(constant_id = 4) const uint dy_channels = 1;
layout(constant_id = 5) const uint x_width = 1;
layout(constant_id = 6) const uint dy_width = 1;
layout(constant_id = 7) const uint kernel_width = 1;
layout(constant_id = 8) const int stride = 1;
layout(constant_id = 9) const int dilation = 1;
layout(constant_id = 10) const int pad = 0;
layout(constant_id = 11) const uint group_k = 1;
layout(constant_id = 12) const uint sums_slices = 0;

#include "slices.glsl"

// As in tile.glsl everything about columns is decided when the pipeline is made. Lanes load a run of x once and use it
// for every tap and output channel; dy is the same for all lanes. Column `column` of dy meets column
// column * stride + s * dilation - pad of x.
const uint kTiles = (x_width + tile_columns - 1u) / tile_columns;
const int kLastBase = int((kTiles - 1u) * tile_columns);
const int kBias = 1 << 16;  // keeps dividends positive, where GLSL defines / and %
const int kFirst = (pad - int(kernel_width - 1u) * dilation + kBias * stride + stride - 1) / stride - kBias;
const int kLast = (int(tile_columns) - 1 + pad) / stride;
const bool kHasOutTail = group_k % tile_out != 0u;

void main() {
  uint group_id = linear_group();
  if (group_id >= p.workgroups) return;
  const uint width = gl_WorkGroupSize.x;
  const uint c_blocks = ceil_div(p.group_c, width);
  const uint k_blocks = ceil_div(group_k, tile_out);
  const uint c = group_id % c_blocks * width + gl_LocalInvocationID.x;
  group_id /= c_blocks;
  const uint r = group_id % p.kernel_height;
  group_id /= p.kernel_height;
  const uint first_k = group_id % k_blocks * tile_out;
  group_id /= k_blocks;
  const uint group = group_id % p.groups;
  const uint slice = group_id / p.groups;

  // Rows oy of dy in [first_row, last_row] meet a row of x through kernel row r: iy = oy * stride_h + shift.
  const int shift = int(r * p.dilation_h) - int(p.pad_h);
  const uint first_row = shift < 0 ? ceil_div(uint(-shift), p.stride_h) : 0u;
  const int highest = int(p.x_height) - 1 - shift;
  const uint end_row = highest < 0 ? 0u : min(uint(highest) / p.stride_h + 1u, p.dy_height);
  const uint rows = end_row > first_row ? end_row - first_row : 0u;
  const uint turns = p.images * rows * kTiles;
  const uint per_slice = ceil_div(turns, p.slices);
  const uint end = min((slice + 1u) * per_slice, turns);

  float sums[tile_out * kernel_width];
  [[unroll]] for (uint i = 0; i < tile_out * kernel_width; ++i) sums[i] = 0.0;

  const uint lane_first = group * p.group_c + min(c, p.group_c - 1u);
  // The test stands at the end for the reason given in tile.glsl.
  if (slice * per_slice < end) for (uint turn = slice * per_slice;;) {
    const uint base = turn % kTiles * tile_columns;
    const uint row = turn / kTiles;
    const uint image = row / rows;
    const uint oy = first_row + row % rows;
    const uint iy = uint(int(oy * p.stride_h) + shift);
    const uint x_row = (image * p.x_height + iy) * x_width * x_channels + lane_first;
    const uint dy_row = (image * p.dy_height + oy) * dy_width * dy_channels + group * group_k + first_k;
    const uint dy_base = base / uint(stride);

    float values[tile_columns];
    [[unroll]] for (uint j = 0; j < tile_columns; ++j) {
      const bool is_inside = uint(kLastBase) + j < x_width || base + j < x_width;
      values[j] = X(is_inside ? x_row + (base + j) * x_channels : x_row);
      if (!is_inside) values[j] = 0.0;
    }
    [[unroll]] for (uint k = 0; k < tile_out; ++k) {
      const uint dy_channel = dy_row + (kHasOutTail ? min(k, group_k - 1u - first_k) : k);
      [[unroll]] for (int column = kFirst; column <= kLast; ++column) {
        const bool is_surely_inside = column >= 0 && kLastBase / stride + column < int(dy_width);
        const bool is_inside = is_surely_inside || uint(int(dy_base) + column) < dy_width;
        float gradient = dy[is_inside ? dy_channel + (dy_base + uint(column)) * dy_channels : dy_channel];
        if (!is_inside) gradient = 0.0;
        [[unroll]] for (uint s = 0; s < kernel_width; ++s) {
          const int j = column * stride + int(s) * dilation - pad;
          if (j >= 0 && j < int(tile_columns)) sums[k * kernel_width + s] += gradient * values[j];
        }
      }
    }
    if (++turn >= end) break;
  }

  const uint first_word = ((group * group_k + first_k) * p.kernel_height + r) * kernel_width * p.group_c + c;
  const uint k_words = p.kernel_height * kernel_width * p.group_c;
  [[unroll]] for (uint k = 0; k < tile_out; ++k) {
    if (first_k + k < group_k && c < p.group_c) {
      [[unroll]] for (uint s = 0; s < kernel_width; ++s) {
        put(slice, first_word + k * k_words + s * p.group_c, sums[k * kernel_width + s]);
      }
    }
  }
  if (sums_slices != 0u) {
    if (is_last_of_tile()) {
      const uint k_count = c < p.group_c ? min(tile_out, group_k - first_k) : 0u;
      for (uint i = 0u; i < k_count * kernel_width; ++i) {
        put_sum_of_slices(first_word + i / kernel_width * k_words + i % kernel_width * p.group_c);
      }
    }
  }
}
