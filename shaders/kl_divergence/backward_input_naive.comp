// SPDX-License-Identifier: Apache-2.0
// kl_divergence backward, naive.  dx = dy T (q - p) / n
// logits, target, dx [n, c]  dy []
// one invocation = one row
// needs: nothing
// reads logits target dy, writes dx; accumulate: no
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
BUFFER_READ(2, float, dy)
BUFFER_WRITE(3, float, dx)
#include "log_sum.glsl"

void main() {
  const uint row = linear_invocation();
  if (row >= p.rows) return;
  const uint first = row * p.classes;
  LOG_SUM(logits, first, logits_max, logits_log_sum)
  LOG_SUM(target, first, target_max, target_log_sum)
  const float scale = dy[0] * p.temperature / float(p.rows);
  for (uint j = 0u; j < p.classes; ++j) {
    const float target_p = exp((target[first + j] - target_max) / p.temperature - target_log_sum);
    const float q = exp((logits[first + j] - logits_max) / p.temperature - logits_log_sum);
    dx[first + j] = scale * (q - target_p);
  }
}
