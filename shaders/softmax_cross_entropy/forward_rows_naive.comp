// SPDX-License-Identifier: Apache-2.0
// softmax_cross_entropy forward, rows, naive.  p = softmax(logits), losses[i] = -sum_j t_j log p_j; shaders/sum adds them
// logits, probabilities [n, c]  labels [n] u32  losses [n]
// one invocation = one row; the row's maximum is subtracted before exp
// needs: nothing
// reads logits labels, writes probabilities losses; accumulate: no
// reference: engine/reference/softmax_cross_entropy.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "softmax_cross_entropy.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SoftmaxCrossEntropyParams, p)
BUFFER_READ(0, float, logits)
BUFFER_READ(1, uint, labels)
BUFFER_WRITE(2, float, probabilities)
BUFFER_WRITE(3, float, losses)

#include "row_loss.glsl"

void main() {
  const uint row = linear_invocation();
  if (row >= p.rows) return;
  const uint first = row * p.classes;
  float maximum = logits[first];
  for (uint j = 1u; j < p.classes; ++j) maximum = max(maximum, logits[first + j]);
  float sum = 0.0;
  float logit_sum = 0.0;
  for (uint j = 0u; j < p.classes; ++j) {
    const float shifted = logits[first + j] - maximum;
    sum += exp(shifted);
    logit_sum += shifted;
  }
  const float log_sum = log(sum);
  for (uint j = 0u; j < p.classes; ++j) probabilities[first + j] = exp(logits[first + j] - maximum - log_sum);
  losses[row] = row_loss(row, maximum, logit_sum, log_sum);
}
