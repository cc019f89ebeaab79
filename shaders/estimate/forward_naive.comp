// SPDX-License-Identifier: Apache-2.0
// estimate forward, naive.  y = alpha levels + (1 - alpha) x / step; y = levels where alpha = 1
// x, levels, y [count]  f32, any shape  step_block: blend
// one invocation = one element
// needs: nothing
// reads x levels step_block, writes y; accumulate: no
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
BUFFER_WRITE(3, float, y)

// The function whose derivative the gradient is.
float surrogate(float value, float alpha) {
  if (p.rule == kBireal) {
    const float inside = clamp(value, -1.0, 1.0);
    return inside * (2.0 - abs(inside));
  }
  return aqe_factor(p.rule, alpha) * clamp(value, -p.window, p.window);
}

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float alpha = blend_of(p.rule, step_block[0].blend);
  if (p.is_rounded == 0u) {
    y[i] = surrogate(x[i], alpha) * p.inverse_step;
  } else if (alpha == 1.0) {
    y[i] = levels[i];
  } else {
    y[i] = alpha * levels[i] + (1.0 - alpha) * (x[i] * p.inverse_step);
  }
}
