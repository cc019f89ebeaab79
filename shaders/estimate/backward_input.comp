// SPDX-License-Identifier: Apache-2.0
// estimate backward, tuned.  dx = dy / step * factor: 2 alpha I, I, (1 - alpha) I, 2 - 2 |x|, or (1 + s sign(dy) (x - q)) I
// x, levels, dy, dx [count]  f32, any shape  step_block: blend
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x levels step_block dy, writes dx; accumulate: no
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
BUFFER_READ(3, element_t, dy)
BUFFER_WRITE(4, element_t, dx)

// Only ewgs reads levels; the spec constant takes the load out of the others.
element_t factor(uint i) {
  const element_t zero = element_t(0.0), magnitude = abs(x[i]);
  if (rule == kBireal) return max(2.0 - 2.0 * magnitude, zero);
  element_t inside = element_t(aqe_factor(rule, step_block[0].blend));
  if (rule == kEwgs) inside = 1.0 + p.scaling * sign(dy[i]) * (x[i] - levels[i] * p.step);
  return mix(zero, inside, is_at_least(element_t(p.window), magnitude));
}

void main() {
  FOR_TILE_ITEMS(i, p.count, p.stride) dx[i] = dy[i] * p.inverse_step * factor(i);
}
