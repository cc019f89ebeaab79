// SPDX-License-Identifier: Apache-2.0
// quantize_sign backward, naive.  dx = dlevels * factor: 1 where |x| <= window (clipped), 1/scale (real), or both (xnor_net)
// x, dlevels, dx [count]  scale [count / row_length]  f32; scale is not read by the rule clipped
// one invocation = one element
// needs: nothing
// reads x scale dlevels, writes dx; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeSignParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, scale)
BUFFER_READ(2, float, dlevels)
BUFFER_WRITE(3, float, dx)

#include "sign_rule.glsl"

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  float factor = p.rule != kRuleReal && abs(x[i]) <= p.window ? 1.0 : 0.0;
  if (p.rule != kRuleClipped) factor += scale_factor(i);
  dx[i] = dlevels[i] * factor;
}
