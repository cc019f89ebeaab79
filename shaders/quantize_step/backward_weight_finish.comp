// SPDX-License-Identifier: Apache-2.0
// quantize_step backward, second pass.  dstep = gradient_scale * inverse_step * sum of partials
// partials [count]  inverse_step, dstep []  f32
// one workgroup does everything: invocation j sums partials j, j + width, ...; then a fixed tree over the width
// needs: nothing
// reads partials inverse_step, writes dstep; accumulate: no
// reference: engine/reference/quantize_step.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "quantize_step.params.h"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeStepParams, p)
BUFFER_READ(0, float, partials)
BUFFER_READ(1, float, inverse_step)
BUFFER_WRITE(2, float, dstep)

void main() {
  const uint lane = gl_LocalInvocationID.x;
  float sum = 0.0;
  for (uint i = lane; i < p.count; i += gl_WorkGroupSize.x) sum += partials[i];
  const float total = workgroup_sum(sum);
  if (lane == 0u) dstep[0] = p.gradient_scale * inverse_step[0] * total;
}
