// SPDX-License-Identifier: Apache-2.0
// deepshift_q backward, tuned.  dw = dlevels 2^range, the real weight's gradient
// dlevels, dw [count]  items of four f32
// one invocation = every stride-th item
// needs: count of weights % 4 == 0
// reads dlevels, writes dw; accumulate: no
// reference: engine/reference/deepshift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "deepshift.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DeepshiftParams, p)
BUFFER_READ(0, element_t, dlevels)
BUFFER_WRITE(1, element_t, dw)

void main() {
  const float inverse_step = float(1u << p.range);
  FOR_TILE_ITEMS(i, p.count, p.stride) dw[i] = dlevels[i] * inverse_step;
}
