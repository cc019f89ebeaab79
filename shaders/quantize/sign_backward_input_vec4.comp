// SPDX-License-Identifier: Apache-2.0
// quantize_sign backward, tuned.  dx = dlevels * factor: 1 where |x| <= window (clipped), 1/scale (real), or both (xnor_net)
// x, dlevels, dx [count]  scale [count / row_length]  f32; scale is not read by the rule clipped
// one invocation = every stride-th group of four elements
// needs: row_length % 4 == 0; else sign_backward_input_naive.comp
// reads x scale dlevels, writes dx; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeSignParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, float, scale)
BUFFER_READ(2, vec4, dlevels)
BUFFER_WRITE(3, vec4, dx)

#include "sign_rule.glsl"

void main() {
  const vec4 inside = vec4(p.rule != kRuleReal ? 1.0 : 0.0);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    vec4 factor = mix(vec4(0.0), inside, is_at_least(vec4(p.window), abs(x[i])));
    if (p.rule != kRuleClipped) factor += scale_factor(i);
    dx[i] = dlevels[i] * factor;
  }
}
