// SPDX-License-Identifier: Apache-2.0
// tap_scale forward, naive.  y[k,t,c] = x[k,t,c] * scale[t]
// x, y [k, taps, c]  scale [taps]  f32
// one invocation = one element
// needs: nothing
// reads x scale, writes y; accumulate: no
// reference: engine/reference/tap_scale.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "tap_scale.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(TapScaleParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, scale)
BUFFER_WRITE(2, float, y)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) y[i] = x[i] * scale[i / p.channels % p.taps];
}
