// SPDX-License-Identifier: Apache-2.0
// quantize_threshold backward, tuned.  dx = dlevels / scale, or dlevels / step where |x| <= window, else 0
// x, dlevels, dx [count]  scale []  f32; scale is not read without has_scale, x not with it
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x scale dlevels, writes dx; accumulate: no
// reference: engine/reference/quantize_threshold.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "quantize_threshold.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeThresholdParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, float, scale)
BUFFER_READ(2, element_t, dlevels)
BUFFER_WRITE(3, element_t, dx)

void main() {
  const element_t zero = element_t(0.0);
  if (p.has_scale != 0u) {
    const float factor = scale[0] > 0.0 ? 1.0 / scale[0] : 0.0;
    FOR_TILE_ITEMS(i, p.count, p.stride) dx[i] = dlevels[i] * factor;
    return;
  }
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    dx[i] = mix(zero, dlevels[i] * p.inverse_step, is_at_least(element_t(p.window), abs(x[i])));
  }
}
