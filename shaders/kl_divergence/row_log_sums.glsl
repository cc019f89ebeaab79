// SPDX-License-Identifier: Apache-2.0
// Log softmaxes of a row of logits (x) and target (y) at a temperature, by a whole workgroup; needs lib/reduce.glsl.
// Included below the declarations of logits, target and p, which it reads.

// An element's log probabilities are log_softmax(i, ...); the items first, first + width, ... < end are this
// invocation's. Uniform control flow.
void row_log_sums(uint first, uint end, out vec2 maxima, out vec2 log_sums) {
  maxima = vec2(uintBitsToFloat(0xff800000u));
  for (uint i = first; i < end; i += gl_WorkGroupSize.x) maxima = max(maxima, vec2(logits[i], target[i]));
  maxima = workgroup_max(maxima);
  vec2 sums = vec2(0.0);
  for (uint i = first; i < end; i += gl_WorkGroupSize.x) {
    sums += exp((vec2(logits[i], target[i]) - maxima) / p.temperature);
  }
  log_sums = log(workgroup_sum(sums));
}

vec2 log_softmax(uint i, vec2 maxima, vec2 log_sums) {
  return (vec2(logits[i], target[i]) - maxima) / p.temperature - log_sums;
}
