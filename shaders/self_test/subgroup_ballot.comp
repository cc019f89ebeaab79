// SPDX-License-Identifier: Apache-2.0
// self_test subgroup_ballot.  y = {subgroup, invocation, 4 words of which x are odd, x of the first invocation}
// x u32 [width]; y u32 [width, 7]
// one workgroup, one invocation = one element
// needs: subgroup_ballot
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
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
  const uvec4 odd = subgroupBallot((word & 1u) != 0u);
  y[7 * i] = gl_SubgroupID;
  y[7 * i + 1] = gl_SubgroupInvocationID;
  for (uint j = 0; j < 4; ++j) y[7 * i + 2 + j] = odd[j];
  y[7 * i + 6] = subgroupBroadcastFirst(word);
}
