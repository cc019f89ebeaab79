// SPDX-License-Identifier: Apache-2.0
// relu forward, naive.  y = max(x, 0)
// x, y [count]  f32, any shape
// one invocation = one element
// needs: nothing
// reads x, writes y; accumulate: no
// reference: engine/reference/relu.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "relu.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ReluParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = max(x[i], 0.0);
}
