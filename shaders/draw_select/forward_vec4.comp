// SPDX-License-Identifier: Apache-2.0
// draw_select forward, tuned.  y = a where the step's draw of the stream is below quantized_share, else b
// a, b, y [count]  f32, any shape  step_block: seed, step, quantized_share
// one invocation = every stride-th group of four elements; only what is drawn is read
// needs: count of elements % 4 == 0; else forward_naive.comp
// reads a b step_block, writes y; accumulate: no
// reference: engine/reference/draw_select.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/rng.glsl"
#include "lib/step_block.h"
#include "draw_select.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DrawSelectParams, p)
BUFFER_READ(0, vec4, a)
BUFFER_READ(1, vec4, b)
BUFFER_READ(2, StepBlock, step_block)
BUFFER_WRITE(3, vec4, y)

#include "draw.glsl"

void main() {
  if (is_drawn()) {
    FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = a[i];
  } else {
    FOR_TILE_ITEMS(j, p.count, p.stride) y[j] = b[j];
  }
}
