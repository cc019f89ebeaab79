// SPDX-License-Identifier: Apache-2.0
// tap_scale backward_weight, tuned.  dscale[t] = sum over k and c of x[k,t,c] dy[k,t,c]
// x, dy [k, taps, c]  dscale [taps]  f32
// one workgroup = one tap; its invocations take every width-th element, then a fixed tree
// needs: nothing
// reads x dy, writes dscale; accumulate: no
// reference: engine/reference/tap_scale.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/reduce.glsl"
#include "tap_scale.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(TapScaleParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dscale)

void main() {
  const uint tap = gl_WorkGroupID.x;
  float sum = 0.0;
  for (uint j = gl_LocalInvocationID.x; j < p.outputs * p.channels; j += workgroup_width()) {
    const uint i = (j / p.channels * p.taps + tap) * p.channels + j % p.channels;
    sum += x[i] * dy[i];
  }
  sum = workgroup_sum(sum);
  if (gl_LocalInvocationID.x == 0u) dscale[tap] = sum;
}
