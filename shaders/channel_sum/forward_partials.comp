// SPDX-License-Identifier: Apache-2.0
// channel_sum forward, first pass.  partials[block, c] = sum of x[row, c] over row = block, block + blocks, ...
// x [.., c]  partials [blocks, c]  f32
// one invocation = one block of rows of one channel (or four)
// needs: stride = blocks * channels; LOWTIDE_VEC4: c % 4 == 0
// reads x, writes partials; accumulate: no
// reference: engine/reference/channel_sum.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "channel_sum.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ChannelSumParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_WRITE(1, element_t, partials)

void main() {
  element_t sum = element_t(0.0);
  FOR_ITEMS(i, p.count, p.stride) sum += x[i];
  if (linear_invocation() < p.stride) partials[linear_invocation()] = sum;
}
