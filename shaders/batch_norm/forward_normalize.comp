// SPDX-License-Identifier: Apache-2.0
// batch_norm forward, last pass.  y = (x - mean) * inverse_std * gamma + beta
// x, y [rows, c]  gamma, beta, mean, inverse_std [c]  f32
// one invocation = every stride-th item, all of one channel (or four)
// needs: stride % channels == 0; LOWTIDE_VEC4: c % 4 == 0
// reads x gamma beta mean inverse_std, writes y; accumulate: no
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
BUFFER_READ(1, element_t, gamma)
BUFFER_READ(2, element_t, beta)
BUFFER_READ(3, element_t, mean)
BUFFER_READ(4, element_t, inverse_std)
BUFFER_WRITE(5, element_t, y)

void main() {
  const uint channel = linear_invocation() % p.channels;
  const element_t center = mean[channel];
  const element_t factor = inverse_std[channel] * gamma[channel];
  const element_t added = beta[channel];
  FOR_TILE_ITEMS(i, p.count, p.stride) y[i] = (x[i] - center) * factor + added;
}
