// SPDX-License-Identifier: Apache-2.0
// quantize_step backward, tuned, first pass.  dx as backward_input_naive;  partials[g] = sum of dlevels * step_term
// x, dlevels, dx [count items]  partials [ceil(count / stride)]  inverse_step []  f32
// one workgroup = stride items, one element or four each, then a fixed tree over its invocations
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x inverse_step dlevels, writes dx partials; accumulate: no
// reference: engine/reference/quantize_step.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "lib/reduce.glsl"
#include "quantize_step.params.h"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeStepParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, float, inverse_step)
BUFFER_READ(2, element_t, dlevels)
BUFFER_WRITE(3, element_t, dx)
BUFFER_WRITE(4, float, partials)

#include "level_rule.glsl"

void main() {
  const float inverse = inverse_step[0];
  const uint end = min((gl_WorkGroupID.x + 1u) * p.stride, p.count);
  float sum = 0.0;
  for (uint i = gl_WorkGroupID.x * p.stride + gl_LocalInvocationID.x; i < end; i += gl_WorkGroupSize.x) {
    const element_t item = x[i];
    const element_t d = dlevels[i];
#ifdef LOWTIDE_VEC4
    const vec4 u = vec4(place_of(item.x, inverse), place_of(item.y, inverse), place_of(item.z, inverse),
                        place_of(item.w, inverse));
    dx[i] = d * vec4(input_factor(u.x, inverse), input_factor(u.y, inverse), input_factor(u.z, inverse),
                     input_factor(u.w, inverse));
    sum += dot(d, vec4(step_term(u.x), step_term(u.y), step_term(u.z), step_term(u.w)));
#else
    const float u = place_of(item, inverse);
    dx[i] = d * input_factor(u, inverse);
    sum += d * step_term(u);
#endif
  }
  const float total = workgroup_sum(sum);
  if (gl_LocalInvocationID.x == 0u) partials[gl_WorkGroupID.x] = total;
}
