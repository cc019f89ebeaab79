// SPDX-License-Identifier: Apache-2.0
// mse forward, slices.  partials[s] = sum over slice s of (a - b)^2
// a, b [count]  partials [slices]
// one workgroup = one slice: strided sums, then a fixed tree
// needs: nothing
// reads a b, writes partials; accumulate: no
// reference: engine/reference/mse.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "mse.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(MseParams, p)
BUFFER_READ(0, float, a)
BUFFER_READ(1, float, b)
BUFFER_WRITE(2, float, partials)

shared float partial[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  const uint slice = linear_group();
  if (slice >= p.slices) return;
  const uint end = min(p.count, (slice + 1u) * p.slice);
  float sum = 0.0;
  for (uint i = slice * p.slice + lane; i < end; i += gl_WorkGroupSize.x) {
    const float difference = a[i] - b[i];
    sum += difference * difference;
  }
  partial[lane] = sum;
  for (uint width = gl_WorkGroupSize.x / 2u; width > 0u; width /= 2u) {
    barrier();
    if (lane < width) partial[lane] += partial[lane + width];
  }
  if (lane == 0u) partials[slice] = partial[0];
}
