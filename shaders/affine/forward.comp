// SPDX-License-Identifier: Apache-2.0
// affine forward, tuned.  y = x * multiplier + offset
// x, y [.., c]  multiplier, offset [c]  f32
// one invocation = every stride-th item, all of one channel (or four); one multiplication, then one addition, each rounded
// needs: stride % channels == 0; LOWTIDE_VEC4: c % 4 == 0
// reads x multiplier offset, writes y; accumulate: no
// reference: engine/reference/affine.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "affine.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(AffineParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, multiplier)
BUFFER_READ(2, element_t, offset)
BUFFER_WRITE(3, element_t, y)

void main() {
  const uint channel = linear_invocation() % p.channels;
  const element_t m = multiplier[channel];
  const element_t o = offset[channel];
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    precise element_t product = x[i] * m;
    precise element_t sum = product + o;
    y[i] = sum;
  }
}
