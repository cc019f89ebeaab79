// SPDX-License-Identifier: Apache-2.0
// batch_norm backward, first pass.  sums over a block of rows of dy, and of dy (x - mean)
// x, dy [rows, c]  mean [c]  partials [2, blocks, c] (of dy, of dy (x - mean))  f32
// one invocation = one block of rows (block, block + blocks, ...) of one channel (or four)
// needs: stride = blocks * channels; LOWTIDE_VEC4: c % 4 == 0
// reads x dy mean, writes partials; accumulate: no
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
BUFFER_READ(1, element_t, dy)
BUFFER_READ(2, element_t, mean)
BUFFER_WRITE(3, element_t, partials)

void main() {
  const uint item = linear_invocation();
  if (item >= p.stride) return;
  const element_t center = mean[item % p.channels];
  element_t sum = element_t(0.0);
  element_t product_sum = element_t(0.0);
  for (uint i = item; i < p.count; i += p.stride) {
    const element_t d = dy[i];
    sum += d;
    product_sum += d * (x[i] - center);
  }
  partials[item] = sum;
  partials[p.stride + item] = product_sum;
}
