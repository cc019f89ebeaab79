// SPDX-License-Identifier: Apache-2.0
// gradient_norm forward, slices.  partials[s] = sum over slice s of dw^2
// dw [arena]  partials [slices]
// one workgroup = one slice: strided sums, then a fixed tree
// needs: nothing
// reads dw, writes partials; accumulate: no
// reference: engine/reference/gradient_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "gradient_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(GradientNormParams, p)
BUFFER_READ(0, float, dw)
BUFFER_WRITE(1, float, partials)

shared float partial[gl_WorkGroupSize.x];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  const uint slice = linear_group();
  if (slice >= p.slices) return;
  const uint end = min(p.count, (slice + 1u) * p.slice);
  float sum = 0.0;
  for (uint i = slice * p.slice + lane; i < end; i += gl_WorkGroupSize.x) {
    const float g = dw[p.first + i];
    sum += g * g;
  }
  partial[lane] = sum;
  for (uint width = gl_WorkGroupSize.x / 2u; width > 0u; width /= 2u) {
    barrier();
    if (lane < width) partial[lane] += partial[lane + width];
  }
  if (lane == 0u) partials[slice] = partial[0];
}
