// SPDX-License-Identifier: Apache-2.0
// conv2d backward_weight, depthwise.  partial[slice] = scale * sum over the slice's rows of dy * x
// x [n,h,w,c]  dy [n,oh,ow,c]  dw [slices,c,r,s]; one slice: dw itself
// one invocation = a slice x one tap x four channels
// needs: groups = c = k, c % 4 == 0; else backward_weight_naive
// reads x dy, writes dw; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, dy)
BUFFER_WRITE(2, float, dw)
PUSH_CONSTANTS(Conv2dDepthwiseWeightParams, p)

void main() {
  const uint item = linear_invocation();
  if (item >= p.count) return;
  const uint channel = item % p.channels;
  const uint tap = item / p.channels % (p.kernel_height * p.kernel_width);
  const uint slice = item / p.channels / (p.kernel_height * p.kernel_width);
  const uint r = tap / p.kernel_width;
  const uint s = tap % p.kernel_width;

  const uint rows = p.images * p.dy_height;
  const uint per_slice = ceil_div(rows, p.slices);
  const uint end = min((slice + 1u) * per_slice, rows);
  vec4 sum = vec4(0.0);
  for (uint row = slice * per_slice; row < end; ++row) {
    const uint iy = row % p.dy_height * p.stride_h + r * p.dilation_h - p.pad_h;  // wraps around below zero
    if (iy >= p.x_height) continue;
    const uint x_row = (row / p.dy_height * p.x_height + iy) * p.x_width;
    for (uint ox = 0; ox < p.dy_width; ++ox) {
      const uint ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
      if (ix < p.x_width) sum += dy[(row * p.dy_width + ox) * p.channels + channel] * x[(x_row + ix) * p.channels + channel];
    }
  }
  const vec4 scaled = sum * p.scale;
  const uint taps = p.kernel_height * p.kernel_width;
  const uint first = slice * p.slice_words + channel * 4u * taps + tap;
  dw[first] = scaled.x;
  dw[first + taps] = scaled.y;
  dw[first + 2u * taps] = scaled.z;
  dw[first + 3u * taps] = scaled.w;
}
