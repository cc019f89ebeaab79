// SPDX-License-Identifier: Apache-2.0
// step_scale forward, naive.  y = factor * expansion * x
// x, y [count]  f32, any shape  step_block: expansion
// one invocation = one element
// needs: nothing
// reads x step_block, writes y; accumulate: no
// reference: engine/reference/step_scale.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/step_block.h"
#include "step_scale.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(StepScaleParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_WRITE(2, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = (p.factor * step_block[0].expansion) * x[i];
}
