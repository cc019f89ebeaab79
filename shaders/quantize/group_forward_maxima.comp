// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group forward, maxima, tuned.  chunk_maxima[g] = max |w| over chunk g of a tensor
// w, levels, gradient [arena]  chunk_maxima, sums [chunks]  maxima [tensors]  f32  segments [tensors]
// one workgroup = one chunk of one tensor
// needs: nothing: tensors of a group are made of items of four elements
// reads w segments, writes chunk_maxima; accumulate: no
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
BUFFER_WRITE(2, float, chunk_maxima)
#include "weight_group.glsl"

void main() {
  const uint chunk = gl_WorkGroupID.x;
  const WeightSegment segment = segments[segment_of_chunk(chunk)];
  vec4 value = vec4(0.0);
  FOR_SLICE_ITEMS(i, chunk - segment.chunk, segment.chunk_items, segment.items) {
    value = max(value, abs(w[segment.first + i]));
  }
  const float total = workgroup_max(components_max(value));
  if (gl_LocalInvocationID.x == 0u) chunk_maxima[chunk] = total;
}
