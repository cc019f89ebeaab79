// SPDX-License-Identifier: Apache-2.0
// bias forward, tuned.  y = x + b
// x, y [.., c]  b [c]  f32
// one invocation = every stride-th item, all of one channel (or four), whose bias it keeps
// needs: stride % channels == 0; LOWTIDE_VEC4: c % 4 == 0
// reads x b, writes y; accumulate: no
// reference: engine/reference/bias.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "bias.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BiasParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, b)
BUFFER_WRITE(2, element_t, y)

void main() {
  const element_t added = b[linear_invocation() % p.channels];
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = x[i] + added;
}
