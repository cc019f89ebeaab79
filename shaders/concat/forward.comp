// SPDX-License-Identifier: Apache-2.0
// concat, tuned.  y[row, y_first + i] = x[row, x_first + i]; the gradient is the same copy the other way
// x [rows, x_row]  y [rows, y_row]  f32
// one invocation = one channel (or four) of every blocks-th row
// needs: LOWTIDE_VEC4: all extents and firsts % 4 == 0
// reads x, writes the copied channels of y; accumulate: no
// reference: engine/reference/concat.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "concat.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ConcatParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_WRITE(1, element_t, y)

void main() {
  const uint channel = linear_invocation() % p.channels;
  const uint block = linear_invocation() / p.channels;
  if (block >= p.blocks) return;
  for (uint row = block; row < p.rows; row += p.blocks) {
    y[row * p.y_row + p.y_first + channel] = x[row * p.x_row + p.x_first + channel];
  }
}
