// SPDX-License-Identifier: Apache-2.0
// gradient_norm, tuned.  norm = sqrt(sum dw^2) / loss scale, and the factor that limits it
// dw [arena]  partials [slices]  counters, norm, scale [1]  f32
// one workgroup = one slice: strided sums of groups of four elements, then a fixed tree over the width; the last one adds
// needs: nothing: arenas are made of blocks of 256 elements
// reads dw step_block loss_scale, updates partials counters, writes norm scale; accumulate: no
// reference: engine/reference/gradient_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/last_workgroup.glsl"
#include "lib/reduce.glsl"
#include "shaders/lib/step_block.h"
#include "gradient_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(GradientNormParams, p)
BUFFER_READ(0, vec4, dw)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_READ(2, float, loss_scale)
BUFFER_EXCHANGE(3, float, partials)
BUFFER_COUNTERS(4)
BUFFER_WRITE(5, float, norm)
BUFFER_WRITE(6, float, scale)

#include "limit.glsl"

void main() {
  const uint slice = linear_group();
  vec4 sum = vec4(0.0);
  FOR_SLICE_ITEMS(i, slice, p.slice / 4u, p.count / 4u) {
    const vec4 g = dw[p.first / 4u + i];
    sum += g * g;
  }
  const float total = workgroup_sum(components_sum(sum));
  if (gl_LocalInvocationID.x == 0u && slice < p.slices) partials[slice] = total;
  if (is_last_workgroup(0u, gl_NumWorkGroups.x * gl_NumWorkGroups.y)) {
    float of_slices = 0.0;
    for (uint i = gl_LocalInvocationID.x; i < p.slices; i += gl_WorkGroupSize.x) of_slices += partials[i];
    const float all = workgroup_sum(of_slices);
    if (gl_LocalInvocationID.x == 0u) {
      const vec2 result = norm_and_scale(all, step_block[0].loss_scale * (p.has_loss_scale != 0u ? loss_scale[0] : 1.0));
      norm[0] = result.x;
      scale[0] = result.y;
    }
  }
}
