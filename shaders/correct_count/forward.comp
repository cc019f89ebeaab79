// SPDX-License-Identifier: Apache-2.0
// correct_count forward.  y = number of rows i with argmax_j logits[i, j] = labels[i]
// logits [n, c]  labels [n] u32  y []
// one workgroup does everything: each invocation takes rows lane, lane + width, ...; counts are exact in f32 below 2^24
// needs: nothing
// reads logits labels, writes y; accumulate: no
// reference: engine/reference/correct_count.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "correct_count.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(CorrectCountParams, p)
BUFFER_READ(0, float, logits)
BUFFER_READ(1, uint, labels)
BUFFER_WRITE(2, float, y)

shared uint partial[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  uint count = 0u;
  for (uint row = lane; row < p.rows; row += gl_WorkGroupSize.x) {
    const uint first = row * p.classes;
    uint best = 0u;
    for (uint j = 1u; j < p.classes; ++j) {
      if (logits[first + j] > logits[first + best]) best = j;
    }
    if (best == labels[row]) ++count;
  }
  partial[lane] = count;
  for (uint width = gl_WorkGroupSize.x / 2u; width > 0u; width /= 2u) {
    barrier();
    if (lane < width) partial[lane] += partial[lane + width];
  }
  if (lane == 0u) y[0] = float(partial[0]);
}
