// SPDX-License-Identifier: Apache-2.0
// concat, naive.  y[row, y_first + i] = x[row, x_first + i]; the gradient is the same copy the other way
// x [rows, x_row]  y [rows, y_row]  f32
// one invocation = one element
// needs: nothing
// reads x, writes the copied channels of y; accumulate: no
// reference: engine/reference/concat.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "concat.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ConcatParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.rows * p.channels) return;
  const uint row = i / p.channels;
  const uint channel = i % p.channels;
  y[row * p.y_row + p.y_first + channel] = x[row * p.x_row + p.x_first + channel];
}
