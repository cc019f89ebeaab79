// SPDX-License-Identifier: Apache-2.0
// scale forward, naive.  y = x * s
// x, y [.., c]  s [c] or []  f32
// one invocation = one element
// needs: nothing
// reads x s, writes y; accumulate: no
// reference: engine/reference/scale.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "scale.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ScaleParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, s)
BUFFER_WRITE(2, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = x[i] * s[i % p.channels];
}
