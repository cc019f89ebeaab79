// SPDX-License-Identifier: Apache-2.0
// mse forward, mean.  y = sum_s partials[s] / count
// partials [slices]  y []
// one workgroup does everything: strided sums, then a fixed tree
// needs: nothing
// reads partials, writes y; accumulate: no
// reference: engine/reference/mse.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "mse.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(MseParams, p)
BUFFER_READ(0, float, partials)
BUFFER_WRITE(1, float, y)

shared float partial[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  float sum = 0.0;
  for (uint i = lane; i < p.slices; i += gl_WorkGroupSize.x) sum += partials[i];
  partial[lane] = sum;
  for (uint width = gl_WorkGroupSize.x / 2u; width > 0u; width /= 2u) {
    barrier();
    if (lane < width) partial[lane] += partial[lane + width];
  }
  if (lane == 0u) y[0] = partial[0] / float(p.count);
}
