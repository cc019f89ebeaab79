// SPDX-License-Identifier: Apache-2.0
// quantize_activations backward, naive.  dx = dlevels * (2^bits - 1) where 0 <= x <= 1, else 0
// x, dlevels, dx [count]  f32, any shape
// one invocation = one element
// needs: nothing
// reads x dlevels, writes dx; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dlevels)
BUFFER_WRITE(2, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  dx[i] = x[i] >= 0.0 && x[i] <= 1.0 ? dlevels[i] * max_code(p.bits) : 0.0;
}
