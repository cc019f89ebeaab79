// SPDX-License-Identifier: Apache-2.0
// bias forward, naive.  y = x + b
// x, y [.., c]  b [c]  f32
// one invocation = one element
// needs: nothing
// reads x b, writes y; accumulate: no
// reference: engine/reference/bias.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "bias.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BiasParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, b)
BUFFER_WRITE(2, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = x[i] + b[i % p.channels];
}
