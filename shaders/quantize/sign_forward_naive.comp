// SPDX-License-Identifier: Apache-2.0
// quantize_sign forward, naive.  levels = sign(x), sign(0) = +1
// x, levels [count]  scale [count / row_length]  f32; scale is read by the surrogate of the rules that have one
// one invocation = one element
// needs: nothing
// reads x scale, writes levels; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeSignParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, scale)
BUFFER_WRITE(2, float, levels)

#include "sign_rule.glsl"

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  if (p.is_rounded != 0u) {
    levels[i] = quantize_sign(x[i]);
    return;
  }
  float level = p.rule == kRuleReal ? 0.0 : clamp(x[i], -p.window, p.window);
  if (p.rule != kRuleClipped) level += x[i] * scale_factor(i);
  levels[i] = level;
}
