// SPDX-License-Identifier: Apache-2.0
// fill forward, tuned.  y[i] = word
// y [any]  32-bit words
// one invocation = every stride-th item
// needs: LOWTIDE_VEC4: count of words % 4 == 0
// reads nothing, writes y; accumulate: no
// reference: engine/reference/fill.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "fill.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(FillItemsParams, p)
BUFFER_WRITE(0, word_t, y)

void main() {
  const word_t filled = word_t(p.word);
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = filled;
}
