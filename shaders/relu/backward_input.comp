// SPDX-License-Identifier: Apache-2.0
// relu backward, tuned.  dx = dy where x > 0, else 0
// x, dy, dx [count]  f32, any shape
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x dy, writes dx; accumulate: no
// reference: engine/reference/relu.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "relu.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ReluParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, dy)
BUFFER_WRITE(2, element_t, dx)

void main() {
  const element_t zero = element_t(0.0);
  FOR_TILE_ITEMS(i, p.count, p.stride) dx[i] = mix(zero, dy[i], is_greater(x[i], zero));
}
