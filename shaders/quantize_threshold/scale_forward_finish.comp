// SPDX-License-Identifier: Apache-2.0
// quantize_threshold_scale, second stage.  scale = sum of magnitudes / number of elements, 0 where there are none
// partials [count, 2]  scale []  f32
// one workgroup does everything
// needs: nothing
// reads partials, writes scale; accumulate: no
// reference: engine/reference/quantize_threshold.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "quantize_threshold.params.h"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeThresholdScaleParams, p)
BUFFER_READ(0, vec2, partials)
BUFFER_WRITE(1, float, scale)

void main() {
  vec2 sums = vec2(0.0);
  for (uint i = gl_LocalInvocationID.x; i < p.count; i += gl_WorkGroupSize.x) sums += partials[i];
  const vec2 total = workgroup_sum(sums);
  if (gl_LocalInvocationID.x == 0u) scale[0] = total.y > 0.0 ? total.x / total.y : 0.0;
}
