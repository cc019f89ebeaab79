// SPDX-License-Identifier: Apache-2.0
// step_scale forward, tuned.  y = factor * expansion * x
// x, y [count]  f32, any shape  step_block: expansion
// one invocation = every stride-th group of four elements
// needs: count of elements % 4 == 0; else forward_naive.comp
// reads x step_block, writes y; accumulate: no
// reference: engine/reference/step_scale.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "lib/step_block.h"
#include "step_scale.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(StepScaleParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_WRITE(2, vec4, y)

void main() {
  const float scale = p.factor * step_block[0].expansion;
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = scale * x[i];
}
