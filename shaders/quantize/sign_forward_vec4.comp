// SPDX-License-Identifier: Apache-2.0
// quantize_sign forward, tuned.  levels = sign(x), sign(0) = +1
// x, levels [count]  scale [count / row_length]  f32; scale is read by the surrogate of the rules that have one
// one invocation = every stride-th group of four elements
// needs: row_length % 4 == 0; else sign_forward_naive.comp
// reads x scale, writes levels; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeSignParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, float, scale)
BUFFER_WRITE(2, vec4, levels)

#include "sign_rule.glsl"

void main() {
  if (p.is_rounded != 0u) {
    FOR_TILE_ITEMS(i, p.count, p.stride) levels[i] = quantize_sign(x[i]);
    return;
  }
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    vec4 level = p.rule == kRuleReal ? vec4(0.0) : clamp(x[i], -p.window, p.window);
    if (p.rule != kRuleClipped) level += x[i] * scale_factor(i);
    levels[i] = level;
  }
}
