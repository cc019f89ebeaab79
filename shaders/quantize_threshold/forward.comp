// SPDX-License-Identifier: Apache-2.0
// quantize_threshold forward, tuned.  levels = sign(x) 2^(e - 1), e = thresholds that |x| reaches; 0 where e = 0
// x, levels [count]  thresholds [q]  scale []  f32; scale is read by the surrogate of a quantiser that has one
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x thresholds scale, writes levels; accumulate: no
// reference: engine/reference/quantize_threshold.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "quantize_threshold.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint bits = 2;  // known when planned, so that the loop over thresholds unrolls
PUSH_CONSTANTS(QuantizeThresholdParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, float, thresholds)
BUFFER_READ(2, float, scale)
BUFFER_WRITE(3, element_t, levels)

float level(float value, float t[7]) { return quantize_shift(value, bits, t); }
vec4 level(vec4 value, float t[7]) {
  return vec4(level(value.x, t), level(value.y, t), level(value.z, t), level(value.w, t));
}

element_t surrogate(element_t value) {
  if (p.has_scale == 0u) return clamp(value, -p.window, p.window) * p.inverse_step;
  return scale[0] > 0.0 ? value / scale[0] : element_t(0.0);
}

void main() {
  float t[7];
  for (uint k = 0u; k < (1u << (bits - 1u)) - 1u; ++k) t[k] = thresholds[k];
  FOR_TILE_ITEMS(i, p.count, p.stride) levels[i] = p.is_rounded != 0u ? level(x[i], t) : surrogate(x[i]);
}
