// SPDX-License-Identifier: Apache-2.0
// quantize_step forward, naive.  levels = nearest level to x * inverse_step / unit
// x, levels [count]  inverse_step []  f32
// one invocation = one element
// needs: nothing
// reads x inverse_step, writes levels; accumulate: no
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
BUFFER_WRITE(2, float, levels)

#include "level_rule.glsl"

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float u = place_of(x[i], inverse_step[0]);
  levels[i] = p.is_rounded != 0u ? level_of(u) : clip_place(u);
}
