// SPDX-License-Identifier: Apache-2.0
// softmax_cross_entropy forward, rows, tuned.  p = softmax(logits), losses[i] = -sum_j t_j log p_j; shaders/sum adds them
// logits, probabilities [n, c]  labels [n] u32  losses [n]
// one workgroup = one row; the row's maximum is subtracted before exp
// needs: nothing; where classes are few most of the workgroup idles, and forward_rows_naive.comp is better
// reads logits labels, writes probabilities losses; accumulate: no
// reference: engine/reference/softmax_cross_entropy.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "softmax_cross_entropy.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SoftmaxCrossEntropyParams, p)
BUFFER_READ(0, float, logits)
BUFFER_READ(1, uint, labels)
BUFFER_WRITE(2, float, probabilities)
BUFFER_WRITE(3, float, losses)

#include "row_loss.glsl"

void main() {
  const uint row = linear_group();
  const uint first = row * p.classes + gl_LocalInvocationID.x;
  const uint end = row < p.rows ? (row + 1u) * p.classes : 0u;
  float maximum = uintBitsToFloat(0xff800000u);
  for (uint i = first; i < end; i += gl_WorkGroupSize.x) maximum = max(maximum, logits[i]);
  maximum = workgroup_max(maximum);
  vec2 sums = vec2(0.0);  // of exponentials and of logits, less the maximum
  for (uint i = first; i < end; i += gl_WorkGroupSize.x) {
    const float shifted = logits[i] - maximum;
    sums += vec2(exp(shifted), shifted);
  }
  sums = workgroup_sum(sums);
  const float log_sum = log(sums.x);
  for (uint i = first; i < end; i += gl_WorkGroupSize.x) probabilities[i] = exp(logits[i] - maximum - log_sum);
  if (gl_LocalInvocationID.x == 0u && row < p.rows) losses[row] = row_loss(row, maximum, sums.y, log_sum);
}
