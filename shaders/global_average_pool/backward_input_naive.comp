// SPDX-License-Identifier: Apache-2.0
// global_average_pool backward, naive.  dx[n, .., c] = dy[n, c] * (1 / pixels)
// dx [n,h,w,c]  dy [n,c]  f32
// one invocation = one element of dx
// needs: nothing
// reads dy, writes dx; accumulate: no
// reference: engine/reference/global_average_pool.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "global_average_pool.params.h"
WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(GlobalAveragePoolParams, p)
BUFFER_READ(0, float, dy)
BUFFER_WRITE(1, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint image = i / (p.channels * p.pixels);
  dx[i] = dy[image * p.channels + i % p.channels] * p.inverse;
}
