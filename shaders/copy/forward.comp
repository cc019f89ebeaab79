// SPDX-License-Identifier: Apache-2.0
// copy forward, tuned.  y[i] = x[i]
// x, y [any]  32-bit words, bits unchanged
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of words % 4 == 0
// reads x, writes y; accumulate: no
// reference: engine/reference/copy.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "copy.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(CopyItemsParams, p)
BUFFER_READ(0, word_t, x)
BUFFER_WRITE(1, word_t, y)

void main() {
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = x[i];
}
