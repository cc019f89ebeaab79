// SPDX-License-Identifier: Apache-2.0
// batch_norm backward, last pass.  dx = gamma inverse_std (dy - dbeta / rows - x^ dgamma / rows),  x^ = (x - mean) inverse_std
// x, dy, dx [rows, c]  gamma, mean, inverse_std, dgamma, dbeta [c]  f32
// one invocation = every stride-th item, all of one channel (or four)
// needs: stride % channels == 0; LOWTIDE_VEC4: c % 4 == 0
// reads all but dx, writes dx; accumulate: no
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
BUFFER_READ(2, element_t, gamma)
BUFFER_READ(3, element_t, mean)
BUFFER_READ(4, element_t, inverse_std)
BUFFER_READ(5, element_t, dgamma)
BUFFER_READ(6, element_t, dbeta)
BUFFER_WRITE(7, element_t, dx)

void main() {
  const uint channel = linear_invocation() % p.channels;
  const element_t center = mean[channel];
  const element_t factor = gamma[channel] * inverse_std[channel];
  const element_t slope = -factor * inverse_std[channel] * dgamma[channel] * p.inverse_rows;
  const element_t added = -factor * dbeta[channel] * p.inverse_rows;
  FOR_TILE_ITEMS(i, p.count, p.stride) dx[i] = factor * dy[i] + (slope * (x[i] - center) + added);
}
