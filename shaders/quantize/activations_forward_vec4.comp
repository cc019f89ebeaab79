// SPDX-License-Identifier: Apache-2.0
// quantize_activations forward, tuned.  levels = round_half_even(clip(x, 0, 1) * (2^bits - 1))
// x, levels [count]  f32, any shape
// one invocation = every stride-th group of four elements
// needs: count of elements % 4 == 0; else activations_forward_naive.comp
// reads x, writes levels; accumulate: no
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
BUFFER_WRITE(1, vec4, levels)

void main() {
  if (p.is_rounded != 0u) {
    FOR_TILE_ITEMS(i, p.count, p.stride) levels[i] = quantize_activation(x[i], p.bits);
  } else {
    FOR_TILE_ITEMS(i, p.count, p.stride) levels[i] = clamp(x[i], 0.0, 1.0) * max_code(p.bits);
  }
}
