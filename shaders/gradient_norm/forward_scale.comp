// SPDX-License-Identifier: Apache-2.0
// gradient_norm forward, scale.  norm = sqrt(sum partials) / loss_scale;  scale = min(1, max_norm / (norm + 1e-6)) / loss_scale
// partials [slices]  norm, scale []
// one workgroup does everything: strided sums, then a fixed tree
// needs: nothing
// reads partials step_block, writes norm scale; accumulate: no
// reference: engine/reference/gradient_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "shaders/lib/step_block.h"
#include "gradient_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(GradientNormParams, p)
BUFFER_READ(0, float, partials)
BUFFER_READ(1, StepBlock, step_block)
BUFFER_WRITE(2, float, norm)
BUFFER_WRITE(3, float, scale)

shared float partial[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  float sum = 0.0;
  for (uint i = lane; i < p.slices; i += gl_WorkGroupSize.x) sum += partials[i];
  partial[lane] = sum;
  for (uint width = gl_WorkGroupSize.x / 2u; width > 0u; width /= 2u) {
    barrier();
    if (lane < width) partial[lane] += partial[lane + width];
  }
  if (lane != 0u) return;
  float length = sqrt(partial[0]) / step_block[0].loss_scale;
  float factor = p.max_norm > 0.0 ? min(1.0, p.max_norm / (length + 1e-6)) : 1.0;
  if (isnan(length) || isinf(length)) {
    length = uintBitsToFloat(0x7fc00000u);
    factor = length;
  }
  norm[0] = length;
  scale[0] = factor / step_block[0].loss_scale;
}
