// SPDX-License-Identifier: Apache-2.0
// ceiling.  a_i = fma(a_i, factor, addend), again and again; y = sum of the a_i
// y f32 [invocations]
// one invocation = 10 chains in registers, more than latency times rate of any unit
// needs: nothing
// reads nothing, writes y; accumulate: no
// reference: tools/bench/ceilings.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "ceiling.params.h"

const uint kChains = 10u;
const uint kRounds = 16u;  // of an iteration

WORKGROUP_WIDTH(64)
BUFFER_WRITE(0, float, y)
PUSH_CONSTANTS(CeilingParams, p)

void main() {
  const uint i = linear_invocation();
  float a[kChains];
  [[unroll]] for (uint c = 0u; c < kChains; ++c) a[c] = float(p.start + c);
  for (uint t = 0u; t < p.iterations; ++t) {
    [[unroll]] for (uint round = 0u; round < kRounds; ++round) {
      [[unroll]] for (uint c = 0u; c < kChains; ++c) a[c] = fma(a[c], p.factor, p.addend);
    }
  }
  float sum = 0.0;
  [[unroll]] for (uint c = 0u; c < kChains; ++c) sum += a[c];
  y[i] = sum;
}
