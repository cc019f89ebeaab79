// SPDX-License-Identifier: Apache-2.0
// linear backward_input, naive.  dx = scale * dy w
// dy [n,k]  w [k,c]  dx [n,c]
// one invocation = one element of dx
// needs: nothing; the tuned form is conv2d's, with a batch as a line of pixels
// reads dy w, writes dx; accumulate: no
// reference: engine/reference/linear.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "linear.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, dy)
BUFFER_READ(1, float, w)
BUFFER_WRITE(2, float, dx)
PUSH_CONSTANTS(LinearParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.n * p.c) return;
  const uint c = i % p.c;
  const uint n = i / p.c;
  float sum = 0.0;
  for (uint k = 0; k < p.k; ++k) sum += dy[n * p.k + k] * w[k * p.c + c];
  dx[i] = sum * p.scale;
}
