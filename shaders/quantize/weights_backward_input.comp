// SPDX-License-Identifier: Apache-2.0
// quantize_weights backward, tuned.  dw = dlevels * n / m * (1 - tanh(w)^2), n = 2^bits - 1, m = tanh(max_abs)
// w, dlevels, dw [count]  max_abs []  sums [chunks, 2]  f32
// one invocation = every stride-th item; with chunks != 0 each workgroup adds the sums for itself, and elements that
// attain the maximum get their share of its gradient as well
// needs: sums of weights_backward_input_sums.comp, not read where chunks is 0; LOWTIDE_VEC4: count of elements % 4 == 0
// reads w max_abs dlevels sums, writes dw; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "lib/reduce.glsl"
#include "quantize.params.h"
#include "weight_map.glsl"
#include "maximum_gradient.glsl"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint is_attached = 1;
PUSH_CONSTANTS(QuantizeWeightsGradientParams, p)
BUFFER_READ(0, element_t, w)
BUFFER_READ(1, float, max_abs)
BUFFER_READ(2, element_t, dlevels)
BUFFER_READ(3, vec2, sums)
BUFFER_WRITE(4, element_t, dw)

void main() {
  const float n = max_code(p.bits);
  const float maximum = maximum_tanh(max_abs[0]);
  element_t share = element_t(0.0);
  if (is_attached != 0u) {
    vec2 total = vec2(0.0);
    for (uint i = gl_LocalInvocationID.x; i < p.chunks; i += gl_WorkGroupSize.x) total += sums[i];
    share = element_t(maximum_share(workgroup_sum(total), maximum, n));
  }
  const float factor = n / maximum;
  const element_t one = element_t(1.0), attained = element_t(max_abs[0]);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const element_t weight = w[i];
    const element_t t = weight_tanh(weight);
    element_t gradient = dlevels[i] * factor * (1.0 - t * t);
    if (is_attached != 0u) {
      gradient += mix(element_t(0.0), quantize_sign(weight) * share, is_at_least(abs(weight), attained));
    }
    dw[i] = gradient;
  }
}
