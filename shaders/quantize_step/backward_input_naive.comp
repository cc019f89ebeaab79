// SPDX-License-Identifier: Apache-2.0
// quantize_step backward to x, naive.  dx = dlevels * inverse_step / unit strictly between the outermost levels, else 0
// x, dlevels, dx [count]  inverse_step []  f32
// one invocation = one element
// needs: nothing
// reads x inverse_step dlevels, writes dx; accumulate: no
// reference: engine/reference/quantize_step.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize_step.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeStepParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, inverse_step)
BUFFER_READ(2, float, dlevels)
BUFFER_WRITE(3, float, dx)

#include "level_rule.glsl"

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float inverse = inverse_step[0];
  dx[i] = dlevels[i] * input_factor(place_of(x[i], inverse), inverse);
}
