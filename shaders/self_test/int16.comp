// SPDX-License-Identifier: Apache-2.0
// self_test int16.  y = {a * b, a + b, a >> 1} in signed 16-bit integers, which wrap
// x i32 [count, 2] = {a, b}; y i32 [count, 3]
// one invocation = one pair
// needs: int16
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_int16 : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "self_test.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, int, x)
BUFFER_WRITE(1, int, y)
PUSH_CONSTANTS(SelfTestParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const int16_t a = int16_t(x[2 * i]), b = int16_t(x[2 * i + 1]);
  y[3 * i] = int(int16_t(a * b));
  y[3 * i + 1] = int(int16_t(a + b));
  y[3 * i + 2] = int(int16_t(a >> int16_t(1)));
}
