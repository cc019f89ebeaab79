// SPDX-License-Identifier: Apache-2.0
// quantize_weights backward, sums, tuned.  sums[g] = (sum of dlevels tanh(w), number of elements with |w| = max_abs) of chunk g
// w, dlevels [count]  max_abs []  sums [chunks, 2]  f32
// one workgroup = one chunk: strided sums, then a fixed tree over the width
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads w max_abs dlevels, writes sums; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/reduce.glsl"
#include "quantize.params.h"
#include "weight_map.glsl"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeWeightsSumsParams, p)
BUFFER_READ(0, element_t, w)
BUFFER_READ(1, float, max_abs)
BUFFER_READ(2, element_t, dlevels)
BUFFER_WRITE(3, vec2, sums)

void main() {
  const uint chunk = gl_WorkGroupID.x;
  const element_t one = element_t(1.0), maximum = element_t(max_abs[0]);
  element_t sum = element_t(0.0), attained = element_t(0.0);
  FOR_SLICE_ITEMS(i, chunk, p.chunk_items, p.count) {
    const element_t weight = w[i];
    sum += dlevels[i] * weight_tanh(weight);
    attained += mix(element_t(0.0), one, is_at_least(abs(weight), maximum));  // none is above its maximum
  }
  const vec2 total = workgroup_sum(vec2(components_sum(sum), components_sum(attained)));
  if (gl_LocalInvocationID.x == 0u) sums[chunk] = total;
}
