// SPDX-License-Identifier: Apache-2.0
// quantize_weight_group backward, naive.  dlevels becomes dw as in weights_backward_input_naive
// w, levels, gradient [arena]  chunk_maxima, sums [chunks]  maxima [tensors]  f32  segments [tensors]
// one invocation = one element of the arenas from p.first on
// needs: sums of group_backward_input_sums_naive.comp, not read where has_sums is 0; gradient holds dlevels
// reads w segments maxima sums, updates gradient; accumulate: no
// reference: engine/reference/quantize_group.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "shaders/lib/weight_segment.h"
#include "quantize.params.h"
#include "weight_map.glsl"
#include "maximum_gradient.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeGroupParams, p)
BUFFER_READ(0, float, w)
BUFFER_READ(1, WeightSegment, segments)
BUFFER_READ(2, float, maxima)
BUFFER_READ(3, vec2, sums)
BUFFER_READ_WRITE(4, float, gradient)
#include "weight_group.glsl"

void main() {
  const uint i = p.first + linear_invocation();
  const uint s = segment_of_item(i / 4u);
  if (s == p.segments) return;
  const float n = max_code(p.bits);
  const float max_abs = maxima[segments[s].maximum];
  const float maximum = maximum_tanh(max_abs);
  const float t = weight_tanh(w[i]);
  float dw = gradient[i] * (n / maximum) * (1.0 - t * t);
  if (p.has_sums != 0u && abs(w[i]) == max_abs) dw += quantize_sign(w[i]) * maximum_share(sums[s], maximum, n);
  gradient[i] = dw;
}
