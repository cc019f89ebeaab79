// SPDX-License-Identifier: Apache-2.0
// sum, naive.  y = factor * sum_i x_i
// x [count]  y []  f32
// one invocation does everything, element after element
// needs: nothing
// reads x, writes y; accumulate: no
// reference: engine/reference/dot.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "sum.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SumParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  if (linear_invocation() != 0u) return;
  float sum = 0.0;
  for (uint i = 0u; i < p.count; ++i) sum += x[i];
  y[0] = p.factor * sum;
}
