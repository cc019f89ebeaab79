// SPDX-License-Identifier: Apache-2.0
// absolute backward, naive.  dx = sign(x) dy, sign(0) = 0
// x, dy, dx [count]  f32, any shape
// one invocation = one element
// needs: nothing
// reads x dy, writes dx; accumulate: no
// reference: engine/reference/absolute.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "absolute.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(AbsoluteParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) dx[i] = x[i] == 0.0 ? 0.0 : (x[i] > 0.0 ? dy[i] : -dy[i]);
}
