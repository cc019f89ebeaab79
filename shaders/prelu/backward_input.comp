// SPDX-License-Identifier: Apache-2.0
// prelu backward, tuned.  dx = dy where x > 0, else slope * dy
// x, dy, dx [.., c]  slope [c]  f32
// one invocation = every stride-th item, all of one channel (or four)
// needs: stride % channels == 0; LOWTIDE_VEC4: c % 4 == 0
// reads x dy slope, writes dx; accumulate: no
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
BUFFER_READ(1, element_t, dy)
BUFFER_READ(2, element_t, slope)
BUFFER_WRITE(3, element_t, dx)

void main() {
  const element_t factor = slope[linear_invocation() % p.channels];
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const element_t d = dy[i];
    dx[i] = mix(factor * d, d, is_greater(x[i], element_t(0.0)));
  }
}
