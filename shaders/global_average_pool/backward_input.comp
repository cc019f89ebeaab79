// SPDX-License-Identifier: Apache-2.0
// global_average_pool backward, tuned.  dx[n, .., c] = dy[n, c] * (1 / pixels)
// dx [n,h,w,c]  dy [n,c]  f32
// one invocation = all pixels of one channel (or four) of one image
// needs: LOWTIDE_VEC4: c % 4 == 0
// reads dy, writes dx; accumulate: no
// reference: engine/reference/global_average_pool.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "global_average_pool.params.h"
WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(GlobalAveragePoolParams, p)
BUFFER_READ(0, element_t, dy)
BUFFER_WRITE(1, element_t, dx)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint first = i / p.channels * p.channels * p.pixels + i % p.channels;
  const element_t share = dy[i] * p.inverse;
  for (uint pixel = 0u; pixel < p.pixels; ++pixel) dx[first + pixel * p.channels] = share;
}
