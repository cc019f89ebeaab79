// SPDX-License-Identifier: Apache-2.0
// batch_norm forward, second pass.  mean, 1 / sqrt(var + epsilon), unbiased variance
// partials [2, blocks, c] (means, squares)  mean, inverse_std, variance, gamma, beta [c]  coefficients [4, c]  f32
// one workgroup = 8 channels x (width / 8) slices of the blocks; slices are merged in order
// needs: rows > 1
// reads partials, writes mean inverse_std variance; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormStatisticsParams, p)
BUFFER_READ(0, float, partials)
BUFFER_WRITE(1, float, mean)
#ifdef LOWTIDE_COEFFICIENTS
BUFFER_WRITE(2, float, coefficients)
BUFFER_READ(4, float, gamma)
BUFFER_READ(5, float, beta)
#else
BUFFER_WRITE(2, float, inverse_std)
#endif
BUFFER_WRITE(3, float, variance)

const uint kChannels = 8u;
shared vec3 slice_moments[gl_WorkGroupSize.x];

// Moments (n, mean, sum of squared deviations) of two disjoint sets of rows, merged (Chan, Golub and LeVeque 1983).
vec3 merge(vec3 a, vec3 b) {
  const float n = a.x + b.x;
  if (n == 0.0) return a;
  const float delta = b.y - a.y;
  const float share = b.x / n;
  return vec3(n, a.y + delta * share, a.z + b.z + delta * delta * a.x * share);
}

void main() {
  const uint lane = gl_LocalInvocationID.x;
  const uint slices = gl_WorkGroupSize.x / kChannels;
  const uint channel = linear_group() * kChannels + lane % kChannels;
  vec3 moments = vec3(0.0);
  if (channel < p.channels) {
    for (uint block = lane / kChannels; block < p.blocks; block += slices) {
      const uint i = block * p.channels + channel;
      const float n = float((p.rows - 1u - block) / p.blocks + 1u);
      moments = merge(moments, vec3(n, partials[i], partials[p.blocks * p.channels + i]));
    }
  }
  slice_moments[lane] = moments;
  barrier();
  if (lane >= kChannels || channel >= p.channels) return;
  for (uint slice = 1u; slice < slices; ++slice) moments = merge(moments, slice_moments[slice * kChannels + lane]);
  mean[channel] = moments.y;
  const float inverse = inversesqrt(moments.z / float(p.rows) + p.epsilon);
#ifdef LOWTIDE_COEFFICIENTS
  coefficients[channel] = moments.y;
  coefficients[p.channels + channel] = inverse * gamma[channel];
  coefficients[2u * p.channels + channel] = beta[channel];
  coefficients[3u * p.channels + channel] = inverse;
#else
  inverse_std[channel] = inverse;
#endif
  variance[channel] = moments.z / float(p.rows - 1u);
}
