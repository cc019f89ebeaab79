// SPDX-License-Identifier: Apache-2.0
// batch_norm backward, sums, naive.  dbeta = sum dy, dgamma = sum dy (x - mean) inverse_std
// x, dy [rows, c]  mean, inverse_std, dgamma, dbeta [c]  f32
// one invocation = one channel, row after row
// needs: nothing
// reads x dy mean inverse_std, writes dgamma dbeta; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormStatisticsParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_READ(2, float, mean)
BUFFER_READ(3, float, inverse_std)
BUFFER_WRITE(4, float, dgamma)
BUFFER_WRITE(5, float, dbeta)

void main() {
  const uint channel = linear_invocation();
  if (channel >= p.channels) return;
  float sum = 0.0;
  float product_sum = 0.0;
  for (uint row = 0u; row < p.rows; ++row) {
    const uint i = row * p.channels + channel;
    sum += dy[i];
    product_sum += dy[i] * (x[i] - mean[channel]);
  }
  dgamma[channel] = product_sum * inverse_std[channel];
  dbeta[channel] = sum;
}
