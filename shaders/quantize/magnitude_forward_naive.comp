// SPDX-License-Identifier: Apache-2.0
// quantize_magnitude forward, naive.  result[row] = factor * sum (or max) of |w| over a row
// w [rows, row_length]  result [rows]  f32
// one invocation = one row, element after element
// needs: nothing
// reads w (equal_to), writes result; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeReduceParams, p)
BUFFER_READ(0, float, w)
#ifdef LOWTIDE_COUNT_EQUAL
// Counts the elements with |w| = equal_to[0] instead.
BUFFER_READ(1, float, equal_to)
BUFFER_WRITE(2, float, result)
float term(float x) { return abs(x) == equal_to[0] ? 1.0 : 0.0; }
#else
BUFFER_WRITE(1, float, result)
float term(float x) { return abs(x); }
#endif

void main() {
  const uint row = linear_invocation();
  if (row >= p.rows) return;
  float value = 0.0;
  for (uint i = row * p.row_items; i < (row + 1u) * p.row_items; ++i) {
    value = p.is_max != 0u ? max(value, term(w[i])) : value + term(w[i]);
  }
  result[row] = p.factor * value;
}
