// SPDX-License-Identifier: Apache-2.0
// batch_norm, running values.  running = (1 - momentum) running + momentum batch
// mean, variance, running_mean, running_variance [c]  finite []  f32
// one invocation = one channel; a `finite` that is not leaves everything as it is
// needs: nothing
// reads mean variance finite, updates running_mean running_variance; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormRunningParams, p)
BUFFER_READ(0, float, mean)
BUFFER_READ(1, float, variance)
BUFFER_READ(2, float, finite)
BUFFER_READ_WRITE(3, float, running_mean)
BUFFER_READ_WRITE(4, float, running_variance)

void main() {
  const uint channel = linear_invocation();
  if (channel >= p.channels) return;
  if (p.has_finite != 0u && (isnan(finite[0]) || isinf(finite[0]))) return;
  const float unbiased = variance[channel];
  if (isnan(unbiased) || isinf(unbiased)) return;
  running_mean[channel] = (1.0 - p.momentum) * running_mean[channel] + p.momentum * mean[channel];
  running_variance[channel] = (1.0 - p.momentum) * running_variance[channel] + p.momentum * unbiased;
}
