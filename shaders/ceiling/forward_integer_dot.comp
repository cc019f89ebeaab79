// SPDX-License-Identifier: Apache-2.0
// ceiling.  s_i += dot of the 4 signed bytes of w_i and of t, for t = 0, 1, ..; y = sum of the s_i, modulo 2^32
// y u32 [invocations]; w_i = (start + 8 invocation + i) * 2654435761
// one invocation = 8 words in registers
// needs: integer_dot
// reads nothing, writes y; accumulate: no
// reference: tools/bench/ceilings.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_integer_dot_product : require
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
  int w[kChains], s[kChains];
  [[unroll]] for (uint c = 0u; c < kChains; ++c) {
    w[c] = int((p.start + kChains * i + c) * 2654435761u);
    s[c] = 0;
  }
  for (uint t = 0u; t < p.iterations; ++t) {
    [[unroll]] for (uint round = 0u; round < kRounds; ++round) {
      [[unroll]] for (uint c = 0u; c < kChains; ++c) s[c] += dotPacked4x8EXT(w[c], int(kRounds * t + round));
    }
  }
  uint sum = 0u;
  [[unroll]] for (uint c = 0u; c < kChains; ++c) sum += uint(s[c]);
  y[i] = sum;
}
