// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation forward, last pass, naive.  a = activation((x - mean) * factor + beta [+ shortcut]), levels, codes
// x, shortcut, value, levels [rows, c]  coefficients [4, c] (mean, factor, beta, inverse_std)  f32; codes u8 [rows, c]
// one invocation = one word of codes: four elements, one after the other
// needs: c % 4 == 0
// reads x coefficients shortcut, writes value levels codes (what is not wanted is bound to anything); accumulate: no
// reference: engine/reference/batch_norm_activation.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormActivationParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, coefficients)
BUFFER_READ(2, float, shortcut)
BUFFER_WRITE(3, float, value)
BUFFER_WRITE(4, float, levels)
BUFFER_WRITE(5, uint, codes)

#include "activation.glsl"
layout(constant_id = 3) const uint has_shortcut = 0;
layout(constant_id = 4) const uint writes_value = 1;

void main() {
  const uint word = linear_invocation();
  if (word >= p.count) return;
  const uint channels = 4u * p.channels;
  uint code = 0u;
  for (uint j = 0u; j < 4u; ++j) {
    const uint i = 4u * word + j;
    const uint channel = i % channels;
    float s = (x[i] - coefficients[channel]) * coefficients[channels + channel] + coefficients[2u * channels + channel];
    if (has_shortcut != 0u) s += shortcut[i];
    const float a = activate(vec4(s)).x;
    if (writes_value != 0u) value[i] = a;
    uint byte = passes_activation(vec4(s)).x << 6;
    if (quantizer != 0u) {
      const float level = level_of(vec4(a)).x;
      levels[i] = level;
      byte |= (uint(int(level)) & 63u) | passes_quantizer(vec4(a)).x << 7;
    }
    code |= byte << (8u * j);
  }
  codes[word] = code;
}
