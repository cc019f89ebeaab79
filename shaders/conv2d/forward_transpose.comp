// SPDX-License-Identifier: Apache-2.0
// conv2d forward, before it on GPUs.  wt = w with output channels innermost, so that lanes along them load whole lines
// w [groups,group_k,taps,group_c]  wt [groups,taps,group_c,group_k]
// one invocation = one element of wt
// needs: nothing
// reads w, writes wt; accumulate: no
// reference: engine/reference/conv2d.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "conv2d.params.h"

WORKGROUP_WIDTH(64)
BUFFER_READ(0, float, w)
BUFFER_WRITE(1, float, wt)
PUSH_CONSTANTS(Conv2dTransposeParams, p)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint k = i % p.group_k;
  const uint c = i / p.group_k % p.group_c;
  const uint tap = i / p.group_k / p.group_c % p.taps;
  const uint group = i / p.group_k / p.group_c / p.taps;
  wt[i] = w[((group * p.group_k + k) * p.taps + tap) * p.group_c + c];
}
