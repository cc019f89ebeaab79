// SPDX-License-Identifier: Apache-2.0
// quantize_threshold forward, naive.  levels = sign(x) 2^(e - 1), e = thresholds that |x| reaches; 0 where e = 0
// x, levels [count]  thresholds [q]  scale []  f32; scale is read by the surrogate of a quantiser that has one
// one invocation = one element
// needs: nothing
// reads x thresholds scale, writes levels; accumulate: no
// reference: engine/reference/quantize_threshold.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize_threshold.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeThresholdParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, thresholds)
BUFFER_READ(2, float, scale)
BUFFER_WRITE(3, float, levels)

float level(float value) {
  float magnitude = 0.0;
  for (uint k = 0u; k < (1u << (p.bits - 1u)) - 1u; ++k) {
    const bool is_reached = p.bits == 2u ? abs(value) > thresholds[k] : abs(value) >= thresholds[k];
    if (is_reached) magnitude = magnitude == 0.0 ? 1.0 : 2.0 * magnitude;
  }
  return value < 0.0 && magnitude > 0.0 ? -magnitude : magnitude;
}

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  if (p.is_rounded != 0u) {
    levels[i] = level(x[i]);
  } else if (p.has_scale != 0u) {
    levels[i] = scale[0] > 0.0 ? x[i] / scale[0] : 0.0;
  } else {
    levels[i] = clamp(x[i], -p.window, p.window) * p.inverse_step;
  }
}
