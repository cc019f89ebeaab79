// SPDX-License-Identifier: Apache-2.0
// quantize_step_bound forward.  step = factor max(parameter, minimum),  inverse_step = 1 / step
// parameter, step (bounded_step), inverse_step []  f32
// one invocation does everything
// needs: nothing; a parameter that is NaN gives NaN, so that the step is noticed and skipped
// reads parameter, writes step inverse_step; accumulate: no
// reference: engine/reference/quantize_step.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "quantize_step.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeStepBoundParams, p)
BUFFER_READ(0, float, parameter)
BUFFER_WRITE(1, float, bounded_step)
BUFFER_WRITE(2, float, inverse_step)

void main() {
  if (linear_invocation() != 0u) return;
  const float value = parameter[0];
  precise float bounded = p.factor * (value < p.minimum ? p.minimum : value);
  precise float inverse = 1.0 / bounded;
  bounded_step[0] = bounded;
  inverse_step[0] = inverse;
}
