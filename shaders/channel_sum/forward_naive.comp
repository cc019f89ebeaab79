// SPDX-License-Identifier: Apache-2.0
// channel_sum forward, naive.  y[c] = sum over rows of x[.., c]
// x [.., c]  y [c]  f32
// one invocation = one channel, row after row
// needs: nothing
// reads x, writes y; accumulate: no
// reference: engine/reference/channel_sum.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "channel_sum.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ChannelSumParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, y)

void main() {
  const uint channel = linear_invocation();
  if (channel >= p.channels) return;
  float sum = 0.0;
  for (uint i = channel; i < p.count; i += p.channels) sum += x[i];
  y[channel] = sum;
}
