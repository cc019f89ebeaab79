// SPDX-License-Identifier: Apache-2.0
// conv2d backward_weight, second dispatch.  dw[i] = scale * sum over slices of partial[slice][i], in order of slices
// partial [slices,k,r,s,group_c]  dw [k,r,s,group_c]
// one invocation = one element of dw
// needs: nothing
// reads partial, writes dw; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, partial)
BUFFER_WRITE(1, float, dw)
PUSH_CONSTANTS(Conv2dSumParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  float sum = 0.0;
  for (uint slice = 0; slice < p.slices; ++slice) sum += partial[slice * p.count + i];
  dw[i] = sum * p.scale;
}
