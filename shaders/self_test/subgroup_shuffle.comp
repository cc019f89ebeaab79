// SPDX-License-Identifier: Apache-2.0
// self_test subgroup_shuffle.  y = {subgroup, invocation, x of the next invocation, x of the neighbour of a pair}
// x u32 [width]; y u32 [width, 4]
// one workgroup, one invocation = one element
// needs: subgroup_shuffle; the width a multiple of the subgroup size
// reads x, writes y; accumulate: no
// reference: engine/verify/cases.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
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
  y[4 * i] = gl_SubgroupID;
  y[4 * i + 1] = gl_SubgroupInvocationID;
  y[4 * i + 2] = subgroupShuffle(word, (gl_SubgroupInvocationID + 1) % gl_SubgroupSize);
  y[4 * i + 3] = subgroupShuffleXor(word, 1u);
}
