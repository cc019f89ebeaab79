// SPDX-License-Identifier: Apache-2.0
// dropout forward, naive.  y = x / (1 - probability), or 0 with the probability; element i draws word i % 4 of counter i / 4
// x, y [count]  f32, any shape  step_block: seed, step
// one invocation = one element
// needs: nothing
// reads x step_block, writes y; accumulate: no
// reference: engine/reference/dropout.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/rng.glsl"
#include "lib/step_block.h"
#include "dropout.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DropoutParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_WRITE(2, float, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uvec4 words = philox(step_block[0].seed_lo, step_block[0].seed_hi, i / 4u, p.stream, step_block[0].step);
  y[i] = unit_float(words[i % 4u]) < p.probability ? 0.0 : x[i] * p.kept_scale;
}
