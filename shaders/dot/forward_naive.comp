// SPDX-License-Identifier: Apache-2.0
// dot forward.  y = factor * sum_i a_i b_i
// a, b [count]  y []  f32
// one workgroup does everything: invocation j sums elements j, j + width, ...; then a fixed tree over the width
// needs: nothing
// reads a b, writes y; accumulate: no
// reference: engine/reference/dot.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "dot.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DotParams, p)
BUFFER_READ(0, float, a)
BUFFER_READ(1, float, b)
BUFFER_WRITE(2, float, y)

shared float partial[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  float sum = 0.0;
  for (uint i = lane; i < p.count; i += gl_WorkGroupSize.x) sum += a[i] * b[i];
  partial[lane] = sum;
  for (uint width = gl_WorkGroupSize.x / 2u; width > 0u; width /= 2u) {
    barrier();
    if (lane < width) partial[lane] += partial[lane + width];
  }
  if (lane == 0u) y[0] = p.factor * partial[0];
}
