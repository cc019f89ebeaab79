// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group forward, tuned.  quantize_weights of each tensor; maxima = max |w| of each
// w, levels, gradient [arena]  chunk_maxima, sums [chunks]  maxima [tensors]  f32  segments [tensors]
// one workgroup = one chunk of one tensor, whose chunk maxima each workgroup reduces for itself
// needs: nothing: tensors of a group are made of items of four elements
// reads w segments chunk_maxima, writes maxima levels; accumulate: no
// reference: engine/reference/quantize_group.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "lib/reduce.glsl"
#include "shaders/lib/weight_segment.h"
#include "quantize.params.h"
#include "weight_map.glsl"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeGroupParams, p)
BUFFER_READ(0, vec4, w)
BUFFER_READ(1, WeightSegment, segments)
BUFFER_READ(2, float, chunk_maxima)
BUFFER_WRITE(3, float, maxima)
BUFFER_WRITE(4, vec4, levels)
#include "weight_group.glsl"

void main() {
  const uint chunk = gl_WorkGroupID.x;
  const WeightSegment segment = segments[segment_of_chunk(chunk)];
  float value = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < segment.chunks; i += gl_WorkGroupSize.x) {
    value = max(value, chunk_maxima[segment.chunk + i]);
  }
  const float max_abs = workgroup_max(value);
  if (chunk == segment.chunk && gl_LocalInvocationID.x == 0u) maxima[segment.maximum] = max_abs;
  const float maximum = maximum_tanh(max_abs);
  FOR_SLICE_ITEMS(i, chunk - segment.chunk, segment.chunk_items, segment.items) {
    levels[segment.first + i] = quantize_weight(weight_unit(weight_tanh(w[segment.first + i]), maximum), p.bits);
  }
}
