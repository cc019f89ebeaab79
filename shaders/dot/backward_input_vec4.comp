// SPDX-License-Identifier: Apache-2.0
// dot backward, tuned.  dx = factor * dy * other
// other, dx [count]  dy []  f32
// one invocation = every stride-th group of four elements
// needs: count of elements % 4 == 0; else backward_input_naive.comp
// reads other dy, writes dx; accumulate: no
// reference: engine/reference/dot.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "dot.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DotGradientParams, p)
BUFFER_READ(0, vec4, other)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, vec4, dx)

void main() {
  const float factor = p.factor * dy[0];
  FOR_TILE_ITEMS(i, p.count, p.stride) dx[i] = factor * other[i];
}
