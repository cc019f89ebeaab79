// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group backward, sums, tuned.  sums[g] = (sum of dlevels tanh(w), number of elements with |w| = maximum) of chunk g
// w, levels, gradient [arena]  chunk_maxima, sums [chunks]  maxima [tensors]  f32  segments [tensors]
// one workgroup = one chunk of one tensor: strided sums, then a fixed tree over the width, as weights_backward_input_sums
// needs: nothing: tensors of a group are made of items of four elements; gradient holds dlevels
// reads w segments maxima gradient, writes sums; accumulate: no
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
BUFFER_READ(2, float, maxima)
BUFFER_READ(3, vec4, gradient)
BUFFER_WRITE(4, vec2, sums)
#include "weight_group.glsl"

void main() {
  const uint chunk = gl_WorkGroupID.x;
  const WeightSegment segment = segments[segment_of_chunk(chunk)];
  const vec4 one = vec4(1.0), maximum = vec4(maxima[segment.maximum]);
  vec4 sum = vec4(0.0), attained = vec4(0.0);
  FOR_SLICE_ITEMS(i, chunk - segment.chunk, segment.chunk_items, segment.items) {
    const vec4 weight = w[segment.first + i];
    sum += gradient[segment.first + i] * weight_tanh(weight);
    attained += mix(vec4(0.0), one, is_at_least(abs(weight), maximum));  // none is above its maximum
  }
  const vec2 total = workgroup_sum(vec2(components_sum(sum), components_sum(attained)));
  if (gl_LocalInvocationID.x == 0u) sums[chunk] = total;
}
