// SPDX-License-Identifier: Apache-2.0
// self_test storage8.  y[i] = x[count - 1 - i] + 3, which wraps
// x, y u8 [count]
// one invocation = one element
// needs: storage8; count odd, so that the last word of y is written in part
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_8bit_storage : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "self_test.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, uint8_t, x)
BUFFER_WRITE(1, uint8_t, y)
PUSH_CONSTANTS(SelfTestParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  y[i] = uint8_t(uint(x[p.count - 1 - i]) + 3u);
}
