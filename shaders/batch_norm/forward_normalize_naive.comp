// SPDX-License-Identifier: Apache-2.0
// batch_norm forward, last pass, naive.  y = (x - mean) * inverse_std * gamma + beta
// x, y [rows, c]  gamma, beta, mean, inverse_std [c]  f32
// one invocation = one element
// needs: nothing
// reads x gamma beta mean inverse_std, writes y; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, gamma)
BUFFER_READ(2, float, beta)
BUFFER_READ(3, float, mean)
BUFFER_READ(4, float, inverse_std)
BUFFER_WRITE(5, float, y)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  y[i] = (x[i] - mean[channel]) * inverse_std[channel] * gamma[channel] + beta[channel];
}
