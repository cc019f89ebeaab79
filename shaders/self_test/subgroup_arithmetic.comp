// SPDX-License-Identifier: Apache-2.0
// self_test subgroup_arithmetic.  y = {subgroup, invocation, sum, sum up to here, maximum} of x over the subgroup
// x u32 [width]; y u32 [width, 5]
// one workgroup, one invocation = one element
// needs: subgroup_arithmetic
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "self_test.params.h"

WORKGROUP_WIDTH(128)
BUFFER_READ(0, uint, x)
BUFFER_WRITE(1, uint, y)
PUSH_CONSTANTS(SelfTestParams, p)

void main() {
  const uint i = gl_LocalInvocationIndex;
  if (i >= p.count) return;
  const uint word = x[i];
  y[5 * i] = gl_SubgroupID;
  y[5 * i + 1] = gl_SubgroupInvocationID;
  y[5 * i + 2] = subgroupAdd(word);
  y[5 * i + 3] = subgroupInclusiveAdd(word);
  y[5 * i + 4] = subgroupMax(word);
}
