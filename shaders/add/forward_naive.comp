// SPDX-License-Identifier: Apache-2.0
// add forward, naive.  y = a + b
// a, b, y [count]  f32, any shape
// one invocation = one element
// needs: nothing
// reads a b, writes y; accumulate: no
// reference: engine/reference/add.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "add.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(AddParams, p)
BUFFER_READ(0, float, a)
BUFFER_READ(1, float, b)
BUFFER_WRITE(2, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = a[i] + b[i];
}
