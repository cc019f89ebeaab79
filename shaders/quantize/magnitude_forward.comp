// SPDX-License-Identifier: Apache-2.0
// quantize_magnitude forward, tuned.  result[row * chunks + chunk] = factor * sum (or max) of |w| over a chunk of a row
// w [rows, row_length]  result [rows, chunks]  f32
// one workgroup = one chunk; a second dispatch over the result reduces a row's chunks
// needs: LOWTIDE_VEC4: row_length % 4 == 0; the sum's order depends on the chunk length and the workgroup width alone
// reads w (equal_to), writes result; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/reduce.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(128)
PUSH_CONSTANTS(QuantizeReduceParams, p)
BUFFER_READ(0, element_t, w)
#ifdef LOWTIDE_COUNT_EQUAL
// Counts the elements with |w| = equal_to[0], their maximum, instead.
BUFFER_READ(1, float, equal_to)
BUFFER_WRITE(2, float, result)
element_t term(element_t x) {
  return mix(element_t(0.0), element_t(1.0), is_at_least(abs(x), element_t(equal_to[0])));
}
#else
BUFFER_WRITE(1, float, result)
element_t term(element_t x) { return abs(x); }
#endif

void main() {
  const uint row = gl_WorkGroupID.y;
  const uint chunk = gl_WorkGroupID.x;
  element_t value = element_t(0.0);
  FOR_SLICE_ITEMS(i, chunk, p.chunk_items, p.row_items) {
    const element_t next = term(w[row * p.row_items + i]);
    value = p.is_max != 0u ? max(value, next) : value + next;
  }
  const float total =
      p.is_max != 0u ? workgroup_max(components_max(value)) : workgroup_sum(components_sum(value));
  if (gl_LocalInvocationID.x == 0u) result[row * p.chunks + chunk] = p.factor * total;
}
