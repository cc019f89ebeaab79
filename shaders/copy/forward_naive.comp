// SPDX-License-Identifier: Apache-2.0
// copy forward, naive.  y[y_first + i] = x[x_first + i]
// x [any]  y [any]  32-bit words, bits unchanged
// one invocation = one word
// needs: x and y apart
// reads x, writes y; accumulate: no
// reference: engine/reference/copy.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "copy.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, uint, x)
BUFFER_WRITE(1, uint, y)
PUSH_CONSTANTS(CopyParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  y[p.y_first + i] = x[p.x_first + i];
}
