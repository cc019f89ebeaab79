// SPDX-License-Identifier: Apache-2.0
// ceiling.  s_i += bit count of (w_i ^ t) for t = 0, 1, ..; y = sum of the s_i, modulo 2^32
// y u32 [invocations]; w_i = (start + 8 invocation + i) * 2654435761
// one invocation = 8 words in registers
// needs: nothing
// reads nothing, writes y; accumulate: no
// reference: tools/bench/ceilings.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "ceiling.params.h"

const uint kChains = 8u;
const uint kRounds = 16u;  // of an iteration

WORKGROUP_WIDTH(64)
BUFFER_WRITE(0, uint, y)
PUSH_CONSTANTS(CeilingParams, p)

void main() {
  const uint i = linear_invocation();
  uint w[kChains], s[kChains];
  [[unroll]] for (uint c = 0u; c < kChains; ++c) {
    w[c] = (p.start + kChains * i + c) * 2654435761u;
    s[c] = 0u;
  }
  for (uint t = 0u; t < p.iterations; ++t) {
    [[unroll]] for (uint round = 0u; round < kRounds; ++round) {
      [[unroll]] for (uint c = 0u; c < kChains; ++c) s[c] += bitCount(w[c] ^ (kRounds * t + round));
    }
  }
  uint sum = 0u;
  [[unroll]] for (uint c = 0u; c < kChains; ++c) sum += s[c];
  y[i] = sum;
}
