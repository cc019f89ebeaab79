// SPDX-License-Identifier: Apache-2.0
// batch_norm, running values of many norms.  running = (1 - momentum) running + momentum batch
// batch [joined]  finite []  state [arena]  f32  norms [workgroups]
// one workgroup = one norm, one invocation = every width-th channel; a `finite` that is not leaves everything as it is
// needs: nothing
// reads batch finite norms, updates state; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "shaders/lib/running_norm.h"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormRunningParams, p)
BUFFER_READ(0, float, batch)
BUFFER_READ(1, float, finite)
BUFFER_READ(2, RunningNorm, norms)
BUFFER_READ_WRITE(3, float, state)

void main() {
  if (p.has_finite != 0u && (isnan(finite[0]) || isinf(finite[0]))) return;
  const RunningNorm norm = norms[gl_WorkGroupID.x];
  for (uint channel = gl_LocalInvocationID.x; channel < norm.channels; channel += gl_WorkGroupSize.x) {
    const float unbiased = batch[norm.variance + channel];
    if (isnan(unbiased) || isinf(unbiased)) continue;
    const uint mean = norm.running_mean + channel, variance = norm.running_variance + channel;
    state[mean] = (1.0 - p.momentum) * state[mean] + p.momentum * batch[norm.mean + channel];
    state[variance] = (1.0 - p.momentum) * state[variance] + p.momentum * unbiased;
  }
}
