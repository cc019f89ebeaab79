// SPDX-License-Identifier: Apache-2.0
// kl_divergence forward, rows, naive.  losses[i] = T^2 sum_j p_j log(p_j / q_j),  p = softmax(target / T), q = softmax(logits / T)
// logits, target [n, c]  losses [n]
// one invocation = one row
// needs: nothing
// reads logits target, writes losses; accumulate: no
// reference: engine/reference/kl_divergence.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "kl_divergence.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(KlDivergenceParams, p)
BUFFER_READ(0, float, logits)
BUFFER_READ(1, float, target)
BUFFER_WRITE(2, float, losses)
#include "log_sum.glsl"

void main() {
  const uint row = linear_invocation();
  if (row >= p.rows) return;
  const uint first = row * p.classes;
  LOG_SUM(logits, first, logits_max, logits_log_sum)
  LOG_SUM(target, first, target_max, target_log_sum)
  float sum = 0.0;
  for (uint j = 0u; j < p.classes; ++j) {
    const float log_p = (target[first + j] - target_max) / p.temperature - target_log_sum;
    const float log_q = (logits[first + j] - logits_max) / p.temperature - logits_log_sum;
    sum += exp(log_p) * (log_p - log_q);
  }
  losses[row] = p.temperature * p.temperature * sum;
}
