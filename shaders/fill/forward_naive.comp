// SPDX-License-Identifier: Apache-2.0
// fill forward, naive.  y[first + i] = word
// y [any]  32-bit words
// one invocation = one word
// needs: nothing
// reads nothing, writes y; accumulate: no
// reference: engine/reference/fill.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "fill.params.h"

WORKGROUP_WIDTH(64)
BUFFER_WRITE(0, uint, y)
PUSH_CONSTANTS(FillParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  y[p.first + i] = p.word;
}
