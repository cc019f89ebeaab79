// SPDX-License-Identifier: Apache-2.0
// batch_norm backward, second pass.  dbeta = sum dy, dgamma = inverse_std * sum dy (x - mean)
// partials [2, blocks, c] (of dy, of dy (x - mean))  inverse_std, dgamma, dbeta [c]  f32
// one workgroup = 8 channels x (width / 8) slices of the blocks; slices are added in order
// needs: nothing
// reads partials inverse_std, writes dgamma dbeta; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormStatisticsParams, p)
BUFFER_READ(0, float, partials)
#ifdef LOWTIDE_COEFFICIENTS
BUFFER_READ(1, float, coefficients)  // [4, c]
#define INVERSE_STD(channel) coefficients[3u * p.channels + (channel)]
#else
BUFFER_READ(1, float, inverse_std)
#define INVERSE_STD(channel) inverse_std[channel]
#endif
BUFFER_WRITE(2, float, dgamma)
BUFFER_WRITE(3, float, dbeta)

const uint kChannels = 8u;
shared vec2 slice_sums[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  const uint slices = gl_WorkGroupSize.x / kChannels;
  const uint channel = linear_group() * kChannels + lane % kChannels;
  vec2 sums = vec2(0.0);
  if (channel < p.channels) {
    for (uint block = lane / kChannels; block < p.blocks; block += slices) {
      const uint i = block * p.channels + channel;
      sums += vec2(partials[i], partials[p.blocks * p.channels + i]);
    }
  }
  slice_sums[lane] = sums;
  barrier();
  if (lane >= kChannels || channel >= p.channels) return;
  for (uint slice = 1u; slice < slices; ++slice) sums += slice_sums[slice * kChannels + lane];
  dbeta[channel] = sums.x;
  dgamma[channel] = sums.y * INVERSE_STD(channel);
}
