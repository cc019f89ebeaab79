// SPDX-License-Identifier: Apache-2.0
// add forward, tuned.  y = a + b
// a, b, y [count]  f32, any shape
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads a b, writes y; accumulate: no
// reference: engine/reference/add.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "add.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(AddParams, p)
BUFFER_READ(0, element_t, a)
BUFFER_READ(1, element_t, b)
BUFFER_WRITE(2, element_t, y)

void main() {
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = a[i] + b[i];
}
