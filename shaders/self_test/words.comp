// SPDX-License-Identifier: Apache-2.0
// self_test device_address.  y[i] = 3 * x[count - 1 - i] + i
// x, y u32 [count]
// one invocation = one word
// needs: nothing; run in its device-address form
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
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
  y[i] = 3u * x[p.count - 1 - i] + i;
}
