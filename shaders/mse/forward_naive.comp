// SPDX-License-Identifier: Apache-2.0
// mse forward, naive.  y = sum_i (a_i - b_i)^2 / count
// a, b [count]  y []  f32
// one invocation does everything, element after element
// needs: nothing
// reads a b, writes y; accumulate: no
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
BUFFER_WRITE(2, float, y)

void main() {
  if (linear_invocation() != 0u) return;
  float sum = 0.0;
  for (uint i = 0u; i < p.count; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  y[0] = sum / float(p.count);
}
