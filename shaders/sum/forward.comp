// SPDX-License-Identifier: Apache-2.0
// sum, tuned.  y = factor * sum_i x_i: the last pass of losses (engine/ops/sum.hpp)
// x [count]  y []  f32
// one workgroup does everything: invocation j sums elements j, j + width, ...; then a fixed tree over the width
// needs: nothing
// reads x, writes y; accumulate: no
// reference: engine/reference/dot.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/reduce.glsl"
#include "sum.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SumParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  float sum = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < p.count; i += gl_WorkGroupSize.x) sum += x[i];
  const float total = workgroup_sum(sum);
  if (gl_LocalInvocationID.x == 0u) y[0] = p.factor * total;
}
