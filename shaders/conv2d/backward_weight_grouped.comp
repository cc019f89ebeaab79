// SPDX-License-Identifier: Apache-2.0
// conv2d backward_weight, tuned for few channels per group.  partial[slice] = scale * sum over the slice's pixels of dy * x
// x [n,h,w,c]  dy [n,oh,ow,k]  dw [slices,k,r,s,group_c]; one slice: dw itself
// one invocation = a slice x all taps of one pair of channels
// needs: kernel_height * kernel_width sums fit registers; else backward_weight
// reads x dy, writes dw; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dw)
PUSH_CONSTANTS(Conv2dGroupedWeightParams, p)

layout(constant_id = 1) const uint tile_columns = 1;  // columns of dy per turn of the loop
layout(constant_id = 2) const uint kernel_height = 1;
layout(constant_id = 3) const uint kernel_width = 1;
layout(constant_id = 4) const int stride = 1;  // along the width
layout(constant_id = 5) const int dilation = 1;
layout(constant_id = 6) const int pad = 0;
layout(constant_id = 7) const uint group_c = 1;
layout(constant_id = 8) const uint group_k = 1;

// Lanes run over the channels of all groups. A run of dy is loaded once and used for every tap; an element of x once for
// each kernel row. Column `column` of dy meets column * stride + s * dilation - pad of x.
const int kFirst = -pad;
const int kLast = int(tile_columns - 1u) * stride + int(kernel_width - 1u) * dilation - pad;

void main() {
  const uint item = linear_invocation();
  if (item >= p.count) return;
  const uint k = item / group_c % p.dy_channels;
  const uint slice = item / group_c / p.dy_channels;
  const uint c = k / group_k * group_c + item % group_c;

  const uint tiles = ceil_div(p.dy_width, tile_columns);
  const uint turns = p.images * p.dy_height * tiles;
  const uint per_slice = ceil_div(turns, p.slices);
  const uint end = min((slice + 1u) * per_slice, turns);

  float sums[kernel_height * kernel_width];
  [[unroll]] for (uint i = 0; i < kernel_height * kernel_width; ++i) sums[i] = 0.0;

  // The test stands at the end for the reason given in tile.glsl.
  if (slice * per_slice < end) for (uint turn = slice * per_slice;;) {
    const uint base = turn % tiles * tile_columns;
    const uint oy = turn / tiles % p.dy_height;
    const uint image = turn / tiles / p.dy_height;
    const uint dy_row = (image * p.dy_height + oy) * p.dy_width * p.dy_channels + k;
    float values[tile_columns];
    [[unroll]] for (uint j = 0; j < tile_columns; ++j) {
      const bool is_inside = base + j < p.dy_width;
      values[j] = dy[dy_row + (is_inside ? base + j : 0u) * p.dy_channels];
      if (!is_inside) values[j] = 0.0;
    }
    [[unroll]] for (uint r = 0; r < kernel_height; ++r) {
      const uint iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;  // wraps around below zero
      const bool is_row = iy < p.x_height;
      const uint x_row = (image * p.x_height + (is_row ? iy : 0u)) * p.x_width * p.x_channels + c;
      [[unroll]] for (int column = kFirst; column <= kLast; ++column) {
        const uint ix = uint(int(base) * stride + column);
        const bool is_inside = is_row && ix < p.x_width;
        float value = x[x_row + (is_inside ? ix : 0u) * p.x_channels];
        if (!is_inside) value = 0.0;
        [[unroll]] for (uint s = 0; s < kernel_width; ++s) {
          const int distance = column - int(s) * dilation + pad;
          const int j = distance / stride;
          if (distance >= 0 && j * stride == distance && j < int(tile_columns)) {
            sums[r * kernel_width + s] += value * values[j];
          }
        }
      }
    }
    if (++turn >= end) break;
  }

  [[unroll]] for (uint t = 0; t < kernel_height * kernel_width; ++t) {
    dw[slice * p.slice_words + (k * kernel_height * kernel_width + t) * group_c + item % group_c] = sums[t] * p.scale;
  }
}
