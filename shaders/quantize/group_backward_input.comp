// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group backward, tuned.  dlevels becomes dw as in weights_backward_input
// w, levels, gradient [arena]  chunk_maxima, sums [chunks]  maxima [tensors]  f32  segments [tensors]
// one workgroup = one chunk of one tensor, whose sums each workgroup adds for itself
// needs: sums of group_backward_input_sums.comp, not read where is_attached is 0; gradient holds dlevels
// reads w segments maxima sums, updates gradient; accumulate: no
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
#include "maximum_gradient.glsl"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint is_attached = 1;
PUSH_CONSTANTS(QuantizeGroupParams, p)
BUFFER_READ(0, vec4, w)
BUFFER_READ(1, WeightSegment, segments)
BUFFER_READ(2, float, maxima)
BUFFER_READ(3, vec2, sums)
BUFFER_READ_WRITE(4, vec4, gradient)
#include "weight_group.glsl"

void main() {
  const uint chunk = gl_WorkGroupID.x;
  const WeightSegment segment = segments[segment_of_chunk(chunk)];
  const float n = max_code(p.bits);
  const float max_abs = maxima[segment.maximum];
  const float maximum = maximum_tanh(max_abs);
  vec4 share = vec4(0.0);
  if (is_attached != 0u) {
    vec2 total = vec2(0.0);
    for (uint i = gl_LocalInvocationID.x; i < segment.chunks; i += gl_WorkGroupSize.x) {
      total += sums[segment.chunk + i];
    }
    share = vec4(maximum_share(workgroup_sum(total), maximum, n));
  }
  const float factor = n / maximum;
  FOR_SLICE_ITEMS(i, chunk - segment.chunk, segment.chunk_items, segment.items) {
    const vec4 weight = w[segment.first + i];
    const vec4 t = weight_tanh(weight);
    vec4 dw = gradient[segment.first + i] * factor * (1.0 - t * t);
    if (is_attached != 0u) {
      dw += mix(vec4(0.0), quantize_sign(weight) * share, is_at_least(abs(weight), vec4(max_abs)));
    }
    gradient[segment.first + i] = dw;
  }
}
