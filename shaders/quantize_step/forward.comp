// SPDX-License-Identifier: Apache-2.0
// quantize_step forward, tuned.  levels = nearest level to x * inverse_step / unit
// x, levels [count items]  inverse_step []  f32
// one invocation = every stride-th item of a tile, one element or four
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x inverse_step, writes levels; accumulate: no
// reference: engine/reference/quantize_step.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "quantize_step.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeStepParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, float, inverse_step)
BUFFER_WRITE(2, element_t, levels)

#include "level_rule.glsl"

float quantize(float value, float inverse) {
  const float u = place_of(value, inverse);
  return p.is_rounded != 0u ? level_of(u) : clip_place(u);
}

void main() {
  const float inverse = inverse_step[0];
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const element_t item = x[i];
#ifdef LOWTIDE_VEC4
    levels[i] = vec4(quantize(item.x, inverse), quantize(item.y, inverse), quantize(item.z, inverse),
                     quantize(item.w, inverse));
#else
    levels[i] = quantize(item, inverse);
#endif
  }
}
