// SPDX-License-Identifier: Apache-2.0
// quantize_threshold_maximum.  running = max(running, maximum), where the maximum is finite
// maximum, running []  f32
// one invocation does everything
// needs: nothing
// reads maximum running, writes running; accumulate: no
// reference: engine/reference/quantize_threshold.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize_threshold.params.h"

WORKGROUP_WIDTH(8)
PUSH_CONSTANTS(QuantizeThresholdMaximumParams, p)
BUFFER_READ(0, float, maximum)
BUFFER_READ_WRITE(1, float, running)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const float next = maximum[i];
  if (!isnan(next) && !isinf(next) && next > running[i]) running[i] = next;
}
