// SPDX-License-Identifier: Apache-2.0
// clip backward, naive.  dx = dy where lo <= x <= hi, else 0
// x, dy, dx [count]  f32, any shape
// one invocation = one element
// needs: nothing
// reads x dy, writes dx; accumulate: no
// reference: engine/reference/clip.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "clip.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ClipParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) dx[i] = x[i] >= p.lo && x[i] <= p.hi ? dy[i] : 0.0;
}
