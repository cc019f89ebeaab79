// SPDX-License-Identifier: Apache-2.0
// absolute forward, naive.  y = |x|
// x, y [count]  f32, any shape
// one invocation = one element
// needs: nothing
// reads x, writes y; accumulate: no
// reference: engine/reference/absolute.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "absolute.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(AbsoluteParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = abs(x[i]);
}
