// SPDX-License-Identifier: Apache-2.0
// absolute forward, tuned.  y = |x|
// x, y [count]  f32, any shape
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads x, writes y; accumulate: no
// reference: engine/reference/absolute.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "absolute.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(AbsoluteParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_WRITE(1, element_t, y)

void main() {
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = abs(x[i]);
}
