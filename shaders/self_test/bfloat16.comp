// SPDX-License-Identifier: Apache-2.0
// self_test bfloat16.  y = 2 * x, x brought to 8 bits of significand
// x, y f32 [count]
// one invocation = one element
// needs: bfloat16
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_bfloat16 : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "self_test.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)
PUSH_CONSTANTS(SelfTestParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  y[i] = 2.0 * float(bfloat16_t(x[i]));
}
