// SPDX-License-Identifier: Apache-2.0
// clip forward, naive.  y = min(max(x, lo), hi)
// x, y [count]  f32, any shape
// one invocation = one element
// needs: lo <= hi
// reads x, writes y; accumulate: no
// reference: engine/reference/clip.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "clip.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ClipParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = clamp(x[i], p.lo, p.hi);
}
