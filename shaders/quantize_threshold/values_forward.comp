// SPDX-License-Identifier: Apache-2.0
// quantize_threshold_values.  thresholds[k] = t_k * base[0], or t_k without a base
// base []  thresholds [count]  f32; base is not read without has_base
// one workgroup does everything, one invocation = one threshold
// needs: count <= 7
// reads base, writes thresholds; accumulate: no
// reference: engine/reference/quantize_threshold.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize_threshold.params.h"

WORKGROUP_WIDTH(8)
PUSH_CONSTANTS(QuantizeThresholdValuesParams, p)
BUFFER_READ(0, float, base)
BUFFER_WRITE(1, float, thresholds)

void main() {
  const uint k = gl_LocalInvocationID.x;
  if (k >= p.count) return;
  const float t[7] = float[7](p.t1, p.t2, p.t3, p.t4, p.t5, p.t6, p.t7);
  precise float threshold = t[k];
  if (p.has_base != 0u) threshold = threshold * base[0];
  thresholds[k] = threshold;
}
