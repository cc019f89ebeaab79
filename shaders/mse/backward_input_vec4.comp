// SPDX-License-Identifier: Apache-2.0
// mse backward, tuned.  dx = dy 2 (a - b) / count
// a, b, dx [count]  dy []  f32
// one invocation = every stride-th group of four elements
// needs: count of elements % 4 == 0; else backward_input_naive.comp
// reads a b dy, writes dx; accumulate: no
// reference: engine/reference/mse.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "mse.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(MseGradientParams, p)
BUFFER_READ(0, vec4, a)
BUFFER_READ(1, vec4, b)
BUFFER_READ(2, float, dy)
BUFFER_WRITE(3, vec4, dx)

void main() {
  const float factor = dy[0] * p.two_over_count;
  FOR_TILE_ITEMS(i, p.count, p.stride) dx[i] = factor * (a[i] - b[i]);
}
