// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group forward, naive.  quantize_weights of each tensor
// w, levels, gradient [arena]  chunk_maxima, sums [chunks]  maxima [tensors]  f32  segments [tensors]
// one invocation = one element of the arenas from p.first on
// needs: maxima of group_forward_maxima_naive.comp
// reads w segments maxima, writes levels; accumulate: no
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
BUFFER_WRITE(3, float, levels)
#include "weight_group.glsl"

void main() {
  const uint i = p.first + linear_invocation();
  const uint s = segment_of_item(i / 4u);
  if (s == p.segments) return;
  const float unit = weight_unit(weight_tanh(w[i]), maximum_tanh(maxima[segments[s].maximum]));
  levels[i] = quantize_weight(unit, p.bits);
}
