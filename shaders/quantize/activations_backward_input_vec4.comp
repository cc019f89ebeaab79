// SPDX-License-Identifier: Apache-2.0
// quantize_activations backward, tuned.  dx = dlevels * (2^bits - 1) where 0 <= x <= 1, else 0
// x, dlevels, dx [count]  f32, any shape
// one invocation = every stride-th group of four elements
// needs: count of elements % 4 == 0; else activations_backward_input_naive.comp
// reads x dlevels, writes dx; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, dlevels)
BUFFER_WRITE(2, vec4, dx)

void main() {
  const float n = max_code(p.bits);
  const vec4 zero = vec4(0.0);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const vec4 value = x[i];
    const vec4 below_one = mix(zero, dlevels[i] * n, is_at_least(vec4(1.0), value));
    dx[i] = mix(zero, below_one, is_at_least(value, zero));
  }
}
