// SPDX-License-Identifier: Apache-2.0
// estimate forward, tuned.  y = alpha levels + (1 - alpha) x / step; y = levels where alpha = 1
// x, levels, y [count]  f32, any shape  step_block: blend
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x levels step_block, writes y; accumulate: no
// reference: engine/reference/estimate.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "lib/step_block.h"
#include "estimate.params.h"
#include "rules.glsl"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint rule = 0;
PUSH_CONSTANTS(EstimateParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, levels)
BUFFER_READ(2, StepBlock, step_block)
BUFFER_WRITE(3, element_t, y)

element_t surrogate(element_t value, float alpha) {
  const float window = rule == kBireal ? 1.0 : p.window;
  const element_t inside = clamp(value, -window, window);
  return rule == kBireal ? inside * (2.0 - abs(inside)) : aqe_factor(rule, alpha) * inside;
}

void main() {
  const float alpha = blend_of(rule, step_block[0].blend);
  const float rest = (1.0 - alpha) * p.inverse_step;
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    if (p.is_rounded == 0u) {
      y[i] = surrogate(x[i], alpha) * p.inverse_step;
    } else if (alpha == 1.0) {
      y[i] = levels[i];  // x is not even read
    } else {
      y[i] = alpha * levels[i] + rest * x[i];
    }
  }
}
