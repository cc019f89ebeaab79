// SPDX-License-Identifier: Apache-2.0
// tap_scale backward_weight, naive.  dscale[t] = sum over k and c of x[k,t,c] dy[k,t,c]
// x, dy [k, taps, c]  dscale [taps]  f32
// one invocation = one tap
// needs: nothing
// reads x dy, writes dscale; accumulate: no
// reference: engine/reference/tap_scale.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "tap_scale.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(TapScaleParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dscale)

void main() {
  const uint tap = linear_invocation();
  if (tap >= p.taps) return;
  float sum = 0.0;
  for (uint k = 0u; k < p.outputs; ++k) {
    const uint first = (k * p.taps + tap) * p.channels;
    for (uint c = 0u; c < p.channels; ++c) sum += x[first + c] * dy[first + c];
  }
  dscale[tap] = sum;
}
