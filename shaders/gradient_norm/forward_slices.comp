// SPDX-License-Identifier: Apache-2.0
// gradient_norm, tuned, slices.  partials[s] = sum over slice s of dw^2
// dw [arena]  partials [slices]  f32
// one workgroup = one slice: strided sums of groups of four elements, then a fixed tree over the width
// needs: nothing: arenas are made of blocks of 256 elements
// reads dw, writes partials; accumulate: no
// reference: engine/reference/gradient_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/reduce.glsl"
#include "gradient_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(GradientNormParams, p)
BUFFER_READ(0, vec4, dw)
BUFFER_WRITE(1, float, partials)

void main() {
  const uint slice = linear_group();
  vec4 sum = vec4(0.0);
  FOR_SLICE_ITEMS(i, slice, p.slice / 4u, p.count / 4u) {
    const vec4 g = dw[p.first / 4u + i];
    sum += g * g;
  }
  const float total = workgroup_sum(components_sum(sum));
  if (gl_LocalInvocationID.x == 0u && slice < p.slices) partials[slice] = total;
}
