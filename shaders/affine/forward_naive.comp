// SPDX-License-Identifier: Apache-2.0
// affine forward, naive.  y = x * multiplier + offset
// x, y [.., c]  multiplier, offset [c]  f32
// one invocation = one element; one multiplication, then one addition, each rounded: never contracted
// needs: nothing
// reads x multiplier offset, writes y; accumulate: no
// reference: engine/reference/affine.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "affine.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(AffineParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, multiplier)
BUFFER_READ(2, float, offset)
BUFFER_WRITE(3, float, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  precise float product = x[i] * multiplier[channel];
  precise float sum = product + offset[channel];
  y[i] = sum;
}
