// SPDX-License-Identifier: Apache-2.0
// softmax_cross_entropy forward, mean.  loss = sum_i losses[i] / n
// losses [n]  loss []
// one workgroup does everything: strided sums, then a fixed tree
// needs: nothing
// reads losses, writes loss; accumulate: no
// reference: engine/reference/softmax_cross_entropy.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "softmax_cross_entropy.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SoftmaxCrossEntropyParams, p)
BUFFER_READ(0, float, losses)
BUFFER_WRITE(1, float, loss)

shared float partial[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  float sum = 0.0;
  for (uint i = lane; i < p.rows; i += gl_WorkGroupSize.x) sum += losses[i];
  partial[lane] = sum;
  for (uint width = gl_WorkGroupSize.x / 2u; width > 0u; width /= 2u) {
    barrier();
    if (lane < width) partial[lane] += partial[lane + width];
  }
  if (lane == 0u) loss[0] = partial[0] / float(p.rows);
}
