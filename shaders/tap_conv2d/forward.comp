// SPDX-License-Identifier: Apache-2.0
// tap_conv2d forward, tuned.  y = output_scale * sum over taps t, in order, of scale[t] * (sum over c of x * w at t)
// x [n,h,w,c]  w [k,r,s,group_c]  scale [r*s]  y [n,oh,ow,k]
// one invocation = `block` output channels of a pixel: four channels of x at once meet all of them
// needs: group_c % 4 == 0; groups = 1 or group_k % block == 0; x and w hold integers; else forward_naive
// reads x w scale, writes y; accumulate: no
// reference: engine/reference/tap_conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "tap_conv2d.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint block = 32;  // 8, 16 or 32; 64 -> 64 channels on llvmpipe: 8 take 4.2 times as long as 32

PUSH_CONSTANTS(TapConv2dParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, w)
BUFFER_READ(2, float, scale)
BUFFER_WRITE(3, float, y)

void main() {
  const uint pixel = linear_invocation();
  if (pixel >= p.pixels) return;
  const uint first_k = gl_WorkGroupID.z * block;
  const uint ox = pixel % p.ow, oy = pixel / p.ow % p.oh, n = pixel / (p.ow * p.oh);
  const uint quads = p.group_c / 4u;
  const uint first_quad = first_k / p.group_k * quads;
  const uint taps = p.r * p.s;
  float sum[block];
  [[unroll]] for (uint j = 0u; j < block; ++j) sum[j] = 0.0;
  for (uint t = 0u; t < taps; ++t) {
    // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
    const uint iy = oy * p.stride_h + t / p.s * p.dilation_h - p.pad_h;
    const uint ix = ox * p.stride_w + t % p.s * p.dilation_w - p.pad_w;
    if (iy >= p.h || ix >= p.w) continue;
    const uint x_first = ((n * p.h + iy) * p.w + ix) * (p.c / 4u) + first_quad;
    float acc[block];  // integers below 2^24: exact in any order
    [[unroll]] for (uint j = 0u; j < block; ++j) acc[j] = 0.0;
    for (uint c = 0u; c < quads; ++c) {
      const vec4 codes = x[x_first + c];
      [[unroll]] for (uint j = 0u; j < block; ++j) {
        acc[j] += dot(codes, w[(min(first_k + j, p.k - 1u) * taps + t) * quads + c]);
      }
    }
    [[unroll]] for (uint j = 0u; j < block; ++j) {
      precise float scaled = scale[t] * acc[j];
      precise float next = sum[j] + scaled;
      sum[j] = next;
    }
  }
  [[unroll]] for (uint j = 0u; j < block; ++j) {
    precise float result = sum[j] * p.output_scale;
    if (first_k + j < p.k) y[pixel * p.k + first_k + j] = result;
  }
}
