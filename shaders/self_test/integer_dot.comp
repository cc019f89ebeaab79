// SPDX-License-Identifier: Apache-2.0
// self_test integer_dot.  y = {signed dot, unsigned dot, saturating signed dot + 2^31 - 1 - i} of 4 bytes each
// x u32 [count, 2] = {a, b}; y u32 [count, 3]
// one invocation = one pair
// needs: integer_dot
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_integer_dot_product : require
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
  const uint a = x[2 * i], b = x[2 * i + 1];
  y[3 * i] = uint(dotPacked4x8EXT(int(a), int(b)));
  y[3 * i + 1] = dotPacked4x8EXT(a, b);
  y[3 * i + 2] = uint(dotPacked4x8AccSatEXT(int(a), int(b), 0x7fffffff - int(i)));
}
