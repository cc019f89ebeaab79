// SPDX-License-Identifier: Apache-2.0
// mse forward, tuned, slices.  partials[s] = sum over slice s of (a - b)^2; shaders/sum adds them
// a, b [count]  partials [slices]  f32
// one workgroup = one slice: strided sums, then a fixed tree over the width
// needs: LOWTIDE_VEC4: count of elements % 4 == 0
// reads a b, writes partials; accumulate: no
// reference: engine/reference/mse.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/reduce.glsl"
#include "mse.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(MseSlicesParams, p)
BUFFER_READ(0, element_t, a)
BUFFER_READ(1, element_t, b)
BUFFER_WRITE(2, float, partials)

void main() {
  const uint slice = linear_group();
  element_t sum = element_t(0.0);
  FOR_SLICE_ITEMS(i, slice, p.slice, p.count) {
    const element_t difference = a[i] - b[i];
    sum += difference * difference;
  }
  const float total = workgroup_sum(components_sum(sum));
  if (gl_LocalInvocationID.x == 0u && slice < p.slices) partials[slice] = total;
}
