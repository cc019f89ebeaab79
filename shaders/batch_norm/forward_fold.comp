// SPDX-License-Identifier: Apache-2.0
// batch_norm_fold.  f = gamma / sqrt(running_variance + epsilon);  multiplier = s f,  offset = beta - running_mean f
// gamma, beta, running_mean, running_variance, multiplier, offset [c]  scale [] or [c]  f32
// one invocation = one channel; s = input_scale times scale, if there is one (else scale is bound to anything)
// needs: nothing
// reads gamma beta running_mean running_variance scale, writes multiplier offset; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint has_scale = 0;
layout(constant_id = 2) const uint is_scalar = 0;
PUSH_CONSTANTS(BatchNormFoldParams, p)
BUFFER_READ(0, float, gamma)
BUFFER_READ(1, float, beta)
BUFFER_READ(2, float, running_mean)
BUFFER_READ(3, float, running_variance)
BUFFER_READ(4, float, scale)
BUFFER_WRITE(5, float, multiplier)
BUFFER_WRITE(6, float, offset)

void main() {
  const uint channel = linear_invocation();
  if (channel >= p.channels) return;
  precise float factor = gamma[channel] * inversesqrt(running_variance[channel] + p.epsilon);
  precise float input_scale = p.input_scale;
  if (has_scale != 0u) input_scale = p.input_scale * scale[is_scalar != 0u ? 0u : channel];
  precise float scaled = input_scale * factor;
  precise float shift = running_mean[channel] * factor;
  precise float remainder = beta[channel] - shift;
  multiplier[channel] = scaled;
  offset[channel] = remainder;
}
