// SPDX-License-Identifier: Apache-2.0
// quantize_magnitude forward.  result[row * chunks + chunk] = factor * sum (or max) of |w| over a chunk of a row
// w [rows, row_length]  result [rows, chunks]  f32
// one workgroup = one chunk; a second dispatch over the result reduces a row's chunks
// needs: nothing; the sum's order depends on the chunk length and the workgroup width alone
// reads w (equal_to), writes result; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(128)
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
  const uint row = gl_WorkGroupID.y;
  const uint first = gl_WorkGroupID.x * p.chunk_length;
  const uint end = min(first + p.chunk_length, p.row_length);
  float value = 0.0;
  for (uint i = first + gl_LocalInvocationID.x; i < end; i += gl_WorkGroupSize.x) {
    const float next = term(w[row * p.row_length + i]);
    value = p.is_max != 0u ? max(value, next) : value + next;
  }
  const float total = p.is_max != 0u ? workgroup_max(value) : workgroup_sum(value);
  if (gl_LocalInvocationID.x == 0u) result[row * p.chunks + gl_WorkGroupID.x] = p.factor * total;
}
