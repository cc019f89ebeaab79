// SPDX-License-Identifier: Apache-2.0
// quantize_step backward to the step, naive.  dstep = gradient_scale * inverse_step * sum of dlevels * step_term
// x, dlevels [count]  inverse_step, dstep []  f32
// one workgroup does everything: invocation j sums elements j, j + width, ...; then a fixed tree over the width
// needs: nothing
// reads x inverse_step dlevels, writes dstep; accumulate: no
// reference: engine/reference/quantize_step.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "quantize_step.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeStepParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, inverse_step)
BUFFER_READ(2, float, dlevels)
BUFFER_WRITE(3, float, dstep)

#include "level_rule.glsl"

void main() {
  const uint lane = gl_LocalInvocationID.x;
  const float inverse = inverse_step[0];
  float sum = 0.0;
  for (uint i = lane; i < p.count; i += gl_WorkGroupSize.x) sum += dlevels[i] * step_term(place_of(x[i], inverse));
  const float total = workgroup_sum(sum);
  if (lane == 0u) dstep[0] = p.gradient_scale * inverse * total;
}
