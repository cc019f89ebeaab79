// SPDX-License-Identifier: Apache-2.0
// batch_norm backward, naive.  dx = gamma inverse_std (dy - dbeta / rows - x^ dgamma / rows),  x^ = (x - mean) inverse_std
// x, dy, dx [rows, c]  gamma, mean, inverse_std, dgamma, dbeta [c]  f32
// one invocation = one element
// needs: nothing
// reads all but dx, writes dx; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_READ(2, float, gamma)
BUFFER_READ(3, float, mean)
BUFFER_READ(4, float, inverse_std)
BUFFER_READ(5, float, dgamma)
BUFFER_READ(6, float, dbeta)
BUFFER_WRITE(7, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  const float normalized = (x[i] - mean[channel]) * inverse_std[channel];
  const float centered = dy[i] - (dbeta[channel] + normalized * dgamma[channel]) * p.inverse_rows;
  dx[i] = gamma[channel] * inverse_std[channel] * centered;
}
