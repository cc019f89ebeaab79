// SPDX-License-Identifier: Apache-2.0
// dot backward, naive.  dx = factor * dy * other
// other, dx [count]  dy []  f32
// one invocation = one element
// needs: nothing
// reads other dy, writes dx; accumulate: no
// reference: engine/reference/dot.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "dot.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DotGradientParams, p)
BUFFER_READ(0, float, other)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) dx[i] = p.factor * dy[0] * other[i];
}
