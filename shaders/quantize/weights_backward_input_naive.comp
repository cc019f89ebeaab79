// SPDX-License-Identifier: Apache-2.0
// quantize_weights backward, naive.  dw = dlevels * n / m * (1 - tanh(w)^2), n = 2^bits - 1, m = tanh(max_abs)
// w, dlevels, dw [count]  max_abs []  sums [2]  f32
// one invocation = one element; with chunks != 0 those that attain the maximum get their share of its gradient as well
// needs: sums of weights_backward_input_sums_naive.comp; not read where chunks is 0
// reads w max_abs dlevels sums, writes dw; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"
#include "weight_map.glsl"
#include "maximum_gradient.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeWeightsGradientParams, p)
BUFFER_READ(0, float, w)
BUFFER_READ(1, float, max_abs)
BUFFER_READ(2, float, dlevels)
BUFFER_READ(3, vec2, sums)
BUFFER_WRITE(4, float, dw)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float n = max_code(p.bits);
  const float maximum = maximum_tanh(max_abs[0]);
  const float t = weight_tanh(w[i]);
  float gradient = dlevels[i] * (n / maximum) * (1.0 - t * t);
  if (p.chunks != 0u && abs(w[i]) == max_abs[0]) gradient += quantize_sign(w[i]) * maximum_share(sums[0], maximum, n);
  dw[i] = gradient;
}
