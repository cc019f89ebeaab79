// SPDX-License-Identifier: Apache-2.0
// quantize_weights backward, sums, naive.  sums = (sum of dlevels tanh(w), number of elements with |w| = max_abs)
// w, dlevels [count]  max_abs []  sums [2]  f32
// one invocation does everything, element after element
// needs: nothing
// reads w max_abs dlevels, writes sums; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize.params.h"
#include "weight_map.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeWeightsSumsParams, p)
BUFFER_READ(0, float, w)
BUFFER_READ(1, float, max_abs)
BUFFER_READ(2, float, dlevels)
BUFFER_WRITE(3, vec2, sums)

void main() {
  if (linear_invocation() != 0u) return;
  vec2 total = vec2(0.0);
  for (uint i = 0u; i < p.count; ++i) {
    total += vec2(dlevels[i] * weight_tanh(w[i]), abs(w[i]) == max_abs[0] ? 1.0 : 0.0);
  }
  sums[0] = total;
}
