// SPDX-License-Identifier: Apache-2.0
// mse backward, naive.  dx = dy 2 (a - b) / count
// a, b, dx [count]  dy []  f32
// one invocation = one element
// needs: nothing
// reads a b dy, writes dx; accumulate: no
// reference: engine/reference/mse.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "mse.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(MseGradientParams, p)
BUFFER_READ(0, float, a)
BUFFER_READ(1, float, b)
BUFFER_READ(2, float, dy)
BUFFER_WRITE(3, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) dx[i] = dy[0] * p.two_over_count * (a[i] - b[i]);
}
