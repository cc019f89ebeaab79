// SPDX-License-Identifier: Apache-2.0
// clip forward, tuned.  y = min(max(x, lo), hi)
// x, y [count]  f32, any shape
// one invocation = every stride-th item
// needs: lo <= hi; LOWTIDE_VEC4: count of elements % 4 == 0
// reads x, writes y; accumulate: no
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
BUFFER_WRITE(1, element_t, y)

void main() {
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = clamp(x[i], p.lo, p.hi);
}
