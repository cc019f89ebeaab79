// SPDX-License-Identifier: Apache-2.0
// dropout forward, tuned.  y = x / (1 - probability), or 0 with the probability; four elements share a counter
// x, y [count]  f32, any shape  step_block: seed, step
// one invocation = every stride-th group of four elements
// needs: count of elements % 4 == 0; else forward_naive.comp
// reads x step_block, writes y; accumulate: no
// reference: engine/reference/dropout.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "lib/rng.glsl"
#include "lib/step_block.h"
#include "dropout.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DropoutParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_WRITE(2, vec4, y)

void main() {
  const uint seed_lo = step_block[0].seed_lo;
  const uint seed_hi = step_block[0].seed_hi;
  const uint step = step_block[0].step;
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const uvec4 words = philox(seed_lo, seed_hi, i, p.stream, step);
    const vec4 drawn = vec4(unit_float(words.x), unit_float(words.y), unit_float(words.z), unit_float(words.w));
    y[i] = mix(x[i] * p.kept_scale, vec4(0.0), lessThan(drawn, vec4(p.probability)));
  }
}
