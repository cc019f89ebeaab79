// SPDX-License-Identifier: Apache-2.0
// quantize_weights backward, first stage of the maximum's gradient.  partial[g] = sum of dlevels tanh(w) over chunk g
// w, dlevels [count]  partial [chunks]  f32
// one workgroup = one chunk of chunk_length elements
// needs: nothing; the sum's order depends on the chunk length and the workgroup width alone
// reads w dlevels, writes partial; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "quantize.params.h"
#include "weight_map.glsl"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeMaximumGradientParams, p)
BUFFER_READ(0, float, w)
BUFFER_READ(1, float, dlevels)
BUFFER_WRITE(2, float, partial)

void main() {
  const uint first = gl_WorkGroupID.x * p.chunk_length;
  const uint end = min(first + p.chunk_length, p.count);
  float sum = 0.0;
  for (uint i = first + gl_LocalInvocationID.x; i < end; i += gl_WorkGroupSize.x) sum += dlevels[i] * weight_tanh(w[i]);
  const float total = workgroup_sum(sum);
  if (gl_LocalInvocationID.x == 0u) partial[gl_WorkGroupID.x] = total;
}
