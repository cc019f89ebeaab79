// SPDX-License-Identifier: Apache-2.0
// quantize_weights backward, second stage.  d(max_abs) = -n (1 - m^2) / m^2 * sum of partial, m = tanh(max_abs)
// partial [count]  max_abs, dmax_abs []  f32
// one workgroup does everything
// needs: nothing
// reads partial max_abs, writes dmax_abs; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "lib/reduce.glsl"
#include "quantize.params.h"
#include "weight_map.glsl"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeMaximumGradientParams, p)
BUFFER_READ(0, float, partial)
BUFFER_READ(1, float, max_abs)
BUFFER_WRITE(2, float, dmax_abs)

void main() {
  float sum = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < p.count; i += gl_WorkGroupSize.x) sum += partial[i];
  const float total = workgroup_sum(sum);
  const float m = maximum_tanh(max_abs[0]);
  if (gl_LocalInvocationID.x == 0u) dmax_abs[0] = -max_code(p.bits) * (1.0 - m * m) / (m * m) * total;
}
