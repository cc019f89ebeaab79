// SPDX-License-Identifier: Apache-2.0
// batch_norm forward, first pass.  means[block, c] and squares[block, c] = sum (x - means)^2 of each block of rows
// x [rows, c]  partials [2, blocks, c] (means, then squares)  f32
// one invocation = one block of rows (block, block + blocks, ...) of one channel (or four)
// needs: stride = blocks * channels, blocks <= rows; LOWTIDE_VEC4: c % 4 == 0
// reads x, writes partials; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_WRITE(1, element_t, partials)

// The sums run over x - x[first], so that a mean far from zero costs no digits of the variance: with d = x - x[first],
// sum (x - mean)^2 = sum d^2 - (sum d)^2 / n, and d is about as large as the deviation itself.
void main() {
  const uint item = linear_invocation();
  if (item >= p.stride) return;
  const element_t shift = x[item];
  element_t sum = element_t(0.0);
  element_t squares = element_t(0.0);
  for (uint i = item + p.stride; i < p.count; i += p.stride) {
    const element_t d = x[i] - shift;
    sum += d;
    squares += d * d;
  }
  const float inverse_n = 1.0 / float((p.count - 1u - item) / p.stride + 1u);
  partials[item] = shift + sum * inverse_n;
  partials[p.stride + item] = max(squares - sum * sum * inverse_n, element_t(0.0));
}
