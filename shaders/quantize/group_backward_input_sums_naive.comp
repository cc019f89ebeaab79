// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group backward, sums, naive.  sums = (sum of dlevels tanh(w), number of elements with |w| = maximum) of each tensor
// w, levels, gradient [arena]  chunk_maxima, sums [chunks]  maxima [tensors]  f32  segments [tensors]
// one invocation = one tensor, element after element
// needs: nothing; gradient holds dlevels
// reads w segments maxima gradient, writes sums; accumulate: no
// reference: engine/reference/quantize_group.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "shaders/lib/weight_segment.h"
#include "quantize.params.h"
#include "weight_map.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeGroupParams, p)
BUFFER_READ(0, float, w)
BUFFER_READ(1, WeightSegment, segments)
BUFFER_READ(2, float, maxima)
BUFFER_READ(3, float, gradient)
BUFFER_WRITE(4, vec2, sums)

void main() {
  const uint s = linear_invocation();
  if (s >= p.segments) return;
  const float max_abs = maxima[segments[s].maximum];
  vec2 total = vec2(0.0);
  for (uint k = 0u; k < 4u * segments[s].items; ++k) {
    const uint i = 4u * segments[s].first + k;
    total += vec2(gradient[i] * weight_tanh(w[i]), abs(w[i]) == max_abs ? 1.0 : 0.0);
  }
  sums[s] = total;
}
