// SPDX-License-Identifier: Apache-2.0
// prelu forward, tuned.  y = x where x > 0, else slope * x
// x, y [.., c]  slope [c]  f32
// one invocation = every stride-th item, all of one channel (or four)
// needs: stride % channels == 0; LOWTIDE_VEC4: c % 4 == 0
// reads x slope, writes y; accumulate: no
// reference: engine/reference/prelu.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "prelu.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PreluParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, slope)
BUFFER_WRITE(2, element_t, y)

void main() {
  const element_t factor = slope[linear_invocation() % p.channels];
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const element_t value = x[i];
    y[i] = mix(factor * value, value, is_greater(value, element_t(0.0)));
  }
}
