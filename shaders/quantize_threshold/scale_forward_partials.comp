// SPDX-License-Identifier: Apache-2.0
// quantize_threshold_scale, first stage.  partials[g] = sum of |w|, number of elements, over those of chunk g beyond the threshold
// w [count]  thresholds [1]  partials [chunks, 2]  f32
// one workgroup = one chunk of chunk_length elements
// needs: nothing; the sum's order depends on the chunk length and the workgroup width alone
// reads w thresholds, writes partials; accumulate: no
// reference: engine/reference/quantize_threshold.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "quantize_threshold.params.h"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeThresholdScaleParams, p)
BUFFER_READ(0, float, w)
BUFFER_READ(1, float, thresholds)
BUFFER_WRITE(2, vec2, partials)

void main() {
  const uint first = gl_WorkGroupID.x * p.chunk_length;
  const uint end = min(first + p.chunk_length, p.count);
  vec2 sums = vec2(0.0);
  for (uint i = first + gl_LocalInvocationID.x; i < end; i += gl_WorkGroupSize.x) {
    const float magnitude = abs(w[i]);
    if (magnitude > thresholds[0]) sums += vec2(magnitude, 1.0);
  }
  const vec2 total = workgroup_sum(sums);
  if (gl_LocalInvocationID.x == 0u) partials[gl_WorkGroupID.x] = total;
}
