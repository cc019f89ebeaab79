// SPDX-License-Identifier: Apache-2.0
// deepshift_q forward, tuned.  level = sign(w) 2^(round(log2 |w|) + range), the exponent clamped to 0 .. range
// w, levels [count]  items of four f32
// one invocation = every stride-th item
// needs: count of weights % 4 == 0
// reads w, writes levels; accumulate: no
// reference: engine/reference/deepshift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "deepshift.params.h"
#include "levels.glsl"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DeepshiftParams, p)
BUFFER_READ(0, element_t, w)
BUFFER_WRITE(1, element_t, levels)

void main() {
  const float inverse_step = float(1u << p.range);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const element_t x = w[i];
    if (p.is_rounded != 0u) {
      levels[i] = deepshift_q_level(x, p.range);
    } else {
      levels[i] = x * inverse_step;
    }
  }
}
