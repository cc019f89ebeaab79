// SPDX-License-Identifier: Apache-2.0
// quantize_weights forward, tuned.  levels = 2 round_half_even((tanh(w) / (2 tanh(max_abs)) + 1/2) n) - n, n = 2^bits - 1
// w, levels [count]  max_abs []  f32
// one invocation = every stride-th group of four elements
// needs: count of elements % 4 == 0; else weights_forward_naive.comp
// reads w max_abs, writes levels; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"
#include "weight_map.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeParams, p)
BUFFER_READ(0, vec4, w)
BUFFER_READ(1, float, max_abs)
BUFFER_WRITE(2, vec4, levels)

void main() {
  const float maximum = maximum_tanh(max_abs[0]);
  const float n = max_code(p.bits);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const vec4 unit = weight_unit(weight_tanh(w[i]), maximum);
    levels[i] = p.is_rounded != 0u ? quantize_weight(unit, p.bits) : (2.0 * unit - 1.0) * n;
  }
}
