// SPDX-License-Identifier: Apache-2.0
// kl_divergence forward, rows, tuned.  losses[i] = T^2 sum_j p_j log(p_j / q_j),  p = softmax(target / T), q = softmax(logits / T)
// logits, target [n, c]  losses [n]
// one workgroup = one row
// needs: nothing; where classes are few most of the workgroup idles, and forward_rows_naive.comp is better
// reads logits target, writes losses; accumulate: no
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
BUFFER_WRITE(2, float, losses)

#include "row_log_sums.glsl"

void main() {
  const uint row = linear_group();
  const uint first = row * p.classes + gl_LocalInvocationID.x;
  const uint end = row < p.rows ? (row + 1u) * p.classes : 0u;
  vec2 maxima, log_sums;
  row_log_sums(first, end, maxima, log_sums);
  float sum = 0.0;
  for (uint i = first; i < end; i += gl_WorkGroupSize.x) {
    const vec2 log_q_p = log_softmax(i, maxima, log_sums);
    sum += exp(log_q_p.y) * (log_q_p.y - log_q_p.x);
  }
  const float total = workgroup_sum(sum);
  if (gl_LocalInvocationID.x == 0u && row < p.rows) losses[row] = p.temperature * p.temperature * total;
}
