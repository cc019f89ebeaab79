// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group forward, maxima, naive.  maxima = max |w| of each tensor
// w, levels, gradient [arena]  chunk_maxima, sums [chunks]  maxima [tensors]  f32  segments [tensors]
// one invocation = one tensor, element after element
// needs: nothing
// reads w segments, writes maxima; accumulate: no
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
BUFFER_WRITE(2, float, maxima)

void main() {
  const uint s = linear_invocation();
  if (s >= p.segments) return;
  float value = 0.0;
  for (uint i = 0u; i < 4u * segments[s].items; ++i) value = max(value, abs(w[4u * segments[s].first + i]));
  maxima[segments[s].maximum] = value;
}
