// SPDX-License-Identifier: Apache-2.0
// clip backward, tuned.  dx = dy where lo <= x <= hi, else 0
// x, dy, dx [count]  f32, any shape
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x dy, writes dx; accumulate: no
// reference: engine/reference/clip.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "clip.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ClipParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, dy)
BUFFER_WRITE(2, element_t, dx)

void main() {
  const element_t zero = element_t(0.0);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const element_t value = x[i];
    const element_t below_hi = mix(zero, dy[i], is_at_least(element_t(p.hi), value));
    dx[i] = mix(zero, below_hi, is_at_least(value, element_t(p.lo)));
  }
}
