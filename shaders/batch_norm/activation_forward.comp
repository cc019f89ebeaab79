// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation forward, last pass.  a = activation((x - mean) * factor + beta [+ shortcut]), its levels, its codes
// x, shortcut, value, levels [rows, c]  coefficients [4, c] (mean, factor, beta, inverse_std)  f32; codes u8 [rows, c]
// one invocation = every stride-th group of four elements, all of the same four channels
// needs: stride % channels == 0, c % 4 == 0
// reads x coefficients shortcut, writes value levels codes (what is not wanted is bound to anything); accumulate: no
// reference: engine/reference/batch_norm_activation.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormActivationParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, coefficients)
BUFFER_READ(2, vec4, shortcut)
BUFFER_WRITE(3, vec4, value)
BUFFER_WRITE(4, vec4, levels)
BUFFER_WRITE(5, uint, codes)

#include "activation.glsl"
layout(constant_id = 3) const uint has_shortcut = 0;
layout(constant_id = 4) const uint writes_value = 1;

void main() {
  const uint channel = linear_invocation() % p.channels;
  const vec4 center = coefficients[channel];
  const vec4 factor = coefficients[p.channels + channel];
  const vec4 added = coefficients[2u * p.channels + channel];
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    vec4 s = (x[i] - center) * factor + added;
    if (has_shortcut != 0u) s = s + shortcut[i];
    const vec4 a = activate(s);
    if (writes_value != 0u) value[i] = a;
    uvec4 bytes = passes_activation(s) << 6;
    if (quantizer != 0u) {
      const vec4 level = level_of(a);
      levels[i] = level;
      bytes |= (uvec4(ivec4(level)) & 63u) | passes_quantizer(a) << 7;
    }
    codes[i] = code_word(bytes);
  }
}
