// SPDX-License-Identifier: Apache-2.0
// linear forward, naive.  y = scale * x w^T
// x [n,c]  w [k,c]  y [n,k]
// one invocation = one element of y
// needs: nothing; the tuned form is conv2d's, with a batch as a line of pixels
// reads x w, writes y; accumulate: no
// reference: engine/reference/linear.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "linear.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, x)
BUFFER_READ(1, float, w)
BUFFER_WRITE(2, float, y)
PUSH_CONSTANTS(LinearParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.n * p.k) return;
  const uint k = i % p.k;
  const uint n = i / p.k;
  float sum = 0.0;
  for (uint c = 0; c < p.c; ++c) sum += x[n * p.c + c] * w[k * p.c + c];
  y[i] = sum * p.scale;
}
