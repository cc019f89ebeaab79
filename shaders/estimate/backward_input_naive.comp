// SPDX-License-Identifier: Apache-2.0
// estimate backward, naive.  dx = dy / step * factor: 2 alpha I, I, (1 - alpha) I, 2 - 2 |x|, or (1 + s sign(dy) (x - q)) I
// x, levels, dy, dx [count]  f32, any shape  step_block: blend
// one invocation = one element
// needs: nothing
// reads x levels step_block dy, writes dx; accumulate: no
// reference: engine/reference/estimate.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/step_block.h"
#include "estimate.params.h"
#include "rules.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(EstimateParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, levels)
BUFFER_READ(2, StepBlock, step_block)
BUFFER_READ(3, float, dy)
BUFFER_WRITE(4, float, dx)

float factor(float value, float level, float gradient) {
  if (p.rule == kBireal) return abs(value) < 1.0 ? 2.0 - 2.0 * abs(value) : 0.0;
  if (abs(value) > p.window) return 0.0;
  if (p.rule == kEwgs) return 1.0 + p.scaling * sign(gradient) * (value - level * p.step);
  return aqe_factor(p.rule, step_block[0].blend);
}

void main() {
  const uint i = linear_invocation();
  if (i < p.count) dx[i] = dy[i] * p.inverse_step * factor(x[i], levels[i], dy[i]);
}
