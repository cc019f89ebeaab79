// SPDX-License-Identifier: Apache-2.0
// channel_dot forward, naive.  y[c] = sum over rows of a[.., c] b[.., c]
// a, b [.., c]  y [c]  f32
// one invocation = one channel, row after row
// needs: nothing
// reads a b, writes y; accumulate: no
// reference: engine/reference/channel_dot.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "channel_dot.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(ChannelDotParams, p)
BUFFER_READ(0, float, a)
BUFFER_READ(1, float, b)
BUFFER_WRITE(2, float, y)

void main() {
  const uint channel = linear_invocation();
  if (channel >= p.channels) return;
  float sum = 0.0;
  for (uint i = channel; i < p.count; i += p.channels) sum += a[i] * b[i];
  y[channel] = sum;
}
