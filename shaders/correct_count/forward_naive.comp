// SPDX-License-Identifier: Apache-2.0
// correct_count forward, naive.  y = number of rows i with argmax_j logits[i, j] = labels[i]
// logits [n, c]  labels [n] u32  y []
// one invocation does everything, row after row
// needs: nothing
// reads logits labels, writes y; accumulate: no
// reference: engine/reference/correct_count.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "correct_count.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(CorrectCountParams, p)
BUFFER_READ(0, float, logits)
BUFFER_READ(1, uint, labels)
BUFFER_WRITE(2, float, y)

#include "row.glsl"

void main() {
  if (linear_invocation() != 0u) return;
  uint count = 0u;
  for (uint row = 0u; row < p.rows; ++row) count += is_correct(row) ? 1u : 0u;
  y[0] = float(count);
}
