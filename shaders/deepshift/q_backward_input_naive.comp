// SPDX-License-Identifier: Apache-2.0
// deepshift_q backward, naive.  dw = dlevels 2^range, the real weight's gradient
// dlevels, dw [count]  f32
// one invocation = one weight
// needs: nothing
// reads dlevels, writes dw; accumulate: no
// reference: engine/reference/deepshift.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "deepshift.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(DeepshiftParams, p)
BUFFER_READ(0, float, dlevels)
BUFFER_WRITE(1, float, dw)

void main() {
  const uint i = linear_invocation();
  if (i < p.count) dw[i] = dlevels[i] * float(1u << p.range);
}
