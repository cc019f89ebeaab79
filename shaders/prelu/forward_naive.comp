// SPDX-License-Identifier: Apache-2.0
// prelu forward, naive.  y = x where x > 0, else slope * x
// x, y [.., c]  slope [c]  f32
// one invocation = one element
// needs: nothing
// reads x slope, writes y; accumulate: no
// reference: engine/reference/prelu.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "prelu.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PreluParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, slope)
BUFFER_WRITE(2, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = x[i] > 0.0 ? x[i] : slope[i % p.channels] * x[i];
}
