// SPDX-License-Identifier: Apache-2.0
// self_test int64.  y = {low, high} word of a * b + a in unsigned 64-bit integers
// x u32 [count, 2] = {a, b}; y u32 [count, 2]
// one invocation = one pair
// needs: int64
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "self_test.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, uint, x)
BUFFER_WRITE(1, uint, y)
PUSH_CONSTANTS(SelfTestParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint64_t a = uint64_t(x[2 * i]), b = uint64_t(x[2 * i + 1]);
  const uint64_t sum = a * b + a;
  y[2 * i] = uint(sum);
  y[2 * i + 1] = uint(sum >> 32);
}
