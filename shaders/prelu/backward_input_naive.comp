// SPDX-License-Identifier: Apache-2.0
// prelu backward, naive.  dx = dy where x > 0, else slope * dy
// x, dy, dx [.., c]  slope [c]  f32
// one invocation = one element
// needs: nothing
// reads x dy slope, writes dx; accumulate: no
// reference: engine/reference/prelu.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "prelu.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PreluParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_READ(2, float, slope)
BUFFER_WRITE(3, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) dx[i] = x[i] > 0.0 ? dy[i] : slope[i % p.channels] * dy[i];
}
