// SPDX-License-Identifier: Apache-2.0
// quantize_threshold backward, naive.  dx = dlevels / scale, or dlevels / step where |x| <= window, else 0
// x, dlevels, dx [count]  scale []  f32; scale is not read without has_scale
// one invocation = one element
// needs: nothing
// reads x scale dlevels, writes dx; accumulate: no
// reference: engine/reference/quantize_threshold.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize_threshold.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeThresholdParams, p)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, scale)
BUFFER_READ(2, float, dlevels)
BUFFER_WRITE(3, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  if (p.has_scale != 0u) {
    dx[i] = scale[0] > 0.0 ? dlevels[i] / scale[0] : 0.0;
  } else {
    dx[i] = abs(x[i]) <= p.window ? dlevels[i] * p.inverse_step : 0.0;
  }
}
