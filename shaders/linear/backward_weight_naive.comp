// SPDX-License-Identifier: Apache-2.0
// linear backward_weight, naive.  dw = scale * dy^T x
// x [n,c]  dy [n,k]  dw [k,c]
// one invocation = one element of dw
// needs: nothing; the tuned form is conv2d's, with a batch as a line of pixels
// reads x dy, writes dw; accumulate: no
// reference: engine/reference/linear.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "linear.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, dy)
BUFFER_WRITE(2, float, dw)
PUSH_CONSTANTS(LinearParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.k * p.c) return;
  const uint c = i % p.c;
  const uint k = i / p.c;
  float sum = 0.0;
  for (uint n = 0; n < p.n; ++n) sum += dy[n * p.k + k] * x[n * p.c + c];
  dw[i] = sum * p.scale;
}
