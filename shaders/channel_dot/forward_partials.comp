// SPDX-License-Identifier: Apache-2.0
// channel_dot forward, first pass.  partials[block, c] = sum of a[row, c] b[row, c] over row = block, block + blocks, ...
// a, b [.., c]  partials [blocks, c]  f32
// one invocation = one block of rows of one channel (or four)
// needs: stride = blocks * channels; LOWTIDE_VEC4: c % 4 == 0
// reads a b, writes partials; accumulate: no
// reference: engine/reference/channel_dot.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "channel_dot.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ChannelDotParams, p)
BUFFER_READ(0, element_t, a)
BUFFER_READ(1, element_t, b)
BUFFER_WRITE(2, element_t, partials)

void main() {
  element_t sum = element_t(0.0);
  FOR_ITEMS(i, p.count, p.stride) sum += a[i] * b[i];
  if (linear_invocation() < p.stride) partials[linear_invocation()] = sum;
}
