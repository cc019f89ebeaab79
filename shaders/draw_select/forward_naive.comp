// SPDX-License-Identifier: Apache-2.0
// draw_select forward, naive.  y = a where the step's draw of the stream is below quantized_share, else b
// a, b, y [count]  f32, any shape  step_block: seed, step, quantized_share
// one invocation = one element
// needs: nothing
// reads a b step_block, writes y; accumulate: no
// reference: engine/reference/draw_select.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/rng.glsl"
#include "lib/step_block.h"
#include "draw_select.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DrawSelectParams, p)
BUFFER_READ(0, float, a)
BUFFER_READ(1, float, b)
BUFFER_READ(2, StepBlock, step_block)
BUFFER_WRITE(3, float, y)

#include "draw.glsl"

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  y[i] = is_drawn() ? a[i] : b[i];
}
