// SPDX-License-Identifier: Apache-2.0
// prelu backward of the slope, naive.  dslope[c] = sum of x dy over the rows where x <= 0
// x, dy [.., c]  dslope [c]  f32
// one invocation = one channel, row after row
// needs: nothing
// reads x dy, writes dslope; accumulate: no
// reference: engine/reference/prelu.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "prelu.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(PreluParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dslope)

void main() {
  const uint channel = linear_invocation();
  if (channel >= p.channels) return;
  float sum = 0.0;
  for (uint i = channel; i < p.count; i += p.channels) sum += min(x[i], 0.0) * dy[i];
  dslope[channel] = sum;
}
