// SPDX-License-Identifier: Apache-2.0
// correct_count forward, tuned.  y = number of rows i with argmax_j logits[i, j] = labels[i]
// logits [n, c]  labels [n] u32  y []
// one workgroup does everything: each invocation takes rows lane, lane + width, ...; counts are exact in f32 below 2^24
// needs: nothing
// reads logits labels, writes y; accumulate: no
// reference: engine/reference/correct_count.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/reduce.glsl"
#include "correct_count.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(CorrectCountParams, p)
BUFFER_READ(0, float, logits)
BUFFER_READ(1, uint, labels)
BUFFER_WRITE(2, float, y)

#include "row.glsl"

void main() {
  float count = 0.0;
  for (uint row = gl_LocalInvocationID.x; row < p.rows; row += gl_WorkGroupSize.x) count += is_correct(row) ? 1.0 : 0.0;
  const float total = workgroup_sum(count);
  if (gl_LocalInvocationID.x == 0u) y[0] = total;
}
