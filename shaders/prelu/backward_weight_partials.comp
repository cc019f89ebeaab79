// SPDX-License-Identifier: Apache-2.0
// prelu backward of the slope, first pass.  partials[block, c] = sum of x dy where x <= 0 over a block of rows
// x, dy [.., c]  partials [blocks, c]  f32
// one invocation = one block of rows (block, block + blocks, ...) of one channel (or four)
// needs: stride = blocks * channels; LOWTIDE_VEC4: c % 4 == 0; channel_sum's second pass finishes
// reads x dy, writes partials; accumulate: no
// reference: engine/reference/prelu.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "prelu.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PreluParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, dy)
BUFFER_WRITE(2, element_t, partials)

void main() {
  element_t sum = element_t(0.0);
  FOR_ITEMS(i, p.count, p.stride) sum += min(x[i], element_t(0.0)) * dy[i];
  if (linear_invocation() < p.stride) partials[linear_invocation()] = sum;
}
