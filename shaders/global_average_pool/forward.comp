// SPDX-License-Identifier: Apache-2.0
// global_average_pool forward.  y[n, c] = sum over pixels of x[n, .., c] * (1 / pixels)
// x [n,h,w,c]  y [n,c]  f32
// one invocation = one channel (or four) of one image; the reciprocal is the host's, correctly rounded
// needs: LOWTIDE_VEC4: c % 4 == 0
// reads x, writes y; accumulate: no
// reference: engine/reference/global_average_pool.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "global_average_pool.params.h"
WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(GlobalAveragePoolParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_WRITE(1, element_t, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint first = i / p.channels * p.channels * p.pixels + i % p.channels;
  element_t sum = element_t(0.0);
  for (uint pixel = 0u; pixel < p.pixels; ++pixel) sum += x[first + pixel * p.channels];
  y[i] = sum * p.inverse;
}
