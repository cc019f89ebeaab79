// SPDX-License-Identifier: Apache-2.0
// kl_divergence backward, tuned.  dx = dy T (q - p) / n
// logits, target, dx [n, c]  dy []
// one workgroup = one row
// needs: nothing; where classes are few most of the workgroup idles, and backward_input_naive.comp is better
// reads logits target dy, writes dx; accumulate: no
// reference: engine/reference/kl_divergence.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "kl_divergence.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(KlDivergenceParams, p)
BUFFER_READ(0, float, logits)
BUFFER_READ(1, float, target)
BUFFER_READ(2, float, dy)
BUFFER_WRITE(3, float, dx)

#include "row_log_sums.glsl"

void main() {
  const uint row = linear_group();
  const uint first = row * p.classes + gl_LocalInvocationID.x;
  const uint end = row < p.rows ? (row + 1u) * p.classes : 0u;
  vec2 maxima, log_sums;
  row_log_sums(first, end, maxima, log_sums);
  const float scale = dy[0] * p.temperature / float(p.rows);
  for (uint i = first; i < end; i += gl_WorkGroupSize.x) {
    const vec2 q_p = exp(log_softmax(i, maxima, log_sums));
    dx[i] = scale * (q_p.x - q_p.y);
  }
}
