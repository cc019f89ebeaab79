// SPDX-License-Identifier: Apache-2.0
// gradient_norm, tuned, scale.  norm = sqrt(sum partials) / loss_scale;  scale = min(1, max_norm / (norm + 1e-6)) / loss_scale
// partials [slices]  norm, scale []  f32
// one workgroup does everything: strided sums, then a fixed tree over the width
// needs: nothing
// reads partials step_block loss_scale, writes norm scale; accumulate: no
// reference: engine/reference/gradient_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/reduce.glsl"
#include "shaders/lib/step_block.h"
#include "gradient_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(GradientNormParams, p)
BUFFER_READ(0, float, partials)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_READ(2, float, loss_scale)
BUFFER_WRITE(3, float, norm)
BUFFER_WRITE(4, float, scale)

#include "limit.glsl"

void main() {
  float sum = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < p.slices; i += gl_WorkGroupSize.x) sum += partials[i];
  const float total = workgroup_sum(sum);
  if (gl_LocalInvocationID.x != 0u) return;
  const vec2 result = norm_and_scale(total, step_block[0].loss_scale * (p.has_loss_scale != 0u ? loss_scale[0] : 1.0));
  norm[0] = result.x;
  scale[0] = result.y;
}
