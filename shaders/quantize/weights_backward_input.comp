// SPDX-License-Identifier: Apache-2.0
// quantize_weights backward.  dw = dlevels * n / tanh(max_abs) * (1 - tanh(w)^2), n = 2^bits - 1; max_abs held fixed
// w, dlevels, dw [count]  max_abs []  f32
// one invocation = one element
// needs: nothing
// reads w max_abs dlevels, writes dw; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"
#include "weight_map.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeParams, p)
BUFFER_READ(0, float, w)
BUFFER_READ(1, float, max_abs)
BUFFER_READ(2, float, dlevels)
BUFFER_WRITE(3, float, dw)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float t = weight_tanh(w[i]);
  dw[i] = dlevels[i] * (max_code(p.bits) / maximum_tanh(max_abs[0])) * (1.0 - t * t);
}
