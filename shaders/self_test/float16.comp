// SPDX-License-Identifier: Apache-2.0
// self_test float16.  y = {a * b, a + b} in 16-bit floating point
// x f32 [count, 2] = {a, b}; y f32 [count, 2]
// one invocation = one pair
// needs: float16
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
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
  const float16_t a = float16_t(x[2 * i]), b = float16_t(x[2 * i + 1]);
  y[2 * i] = float(a * b);
  y[2 * i + 1] = float(a + b);
}
