// SPDX-License-Identifier: Apache-2.0
// channel_sum forward, second pass.  y[c] = sum over blocks of partials[block, c]
// partials [blocks, c]  y [c]  f32
// one workgroup = 8 channels x (width / 8) slices of the blocks; slices are added in order
// needs: nothing
// reads partials, writes y; accumulate: no
// reference: engine/reference/channel_sum.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "channel_sum.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ChannelSumFinishParams, p)
BUFFER_READ(0, float, partials)
BUFFER_WRITE(1, float, y)

const uint kChannels = 8u;
shared float slice_sums[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  const uint slices = gl_WorkGroupSize.x / kChannels;
  const uint channel = linear_group() * kChannels + lane % kChannels;
  float sum = 0.0;
  if (channel < p.channels) {
    for (uint block = lane / kChannels; block < p.blocks; block += slices) sum += partials[block * p.channels + channel];
  }
  slice_sums[lane] = sum;
  barrier();
  if (lane < kChannels && channel < p.channels) {
    for (uint slice = 1u; slice < slices; ++slice) sum += slice_sums[slice * kChannels + lane];
    y[channel] = sum;
  }
}
