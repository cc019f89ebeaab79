// SPDX-License-Identifier: Apache-2.0
// softmax_cross_entropy backward, naive.  dx = dy (p - t) / n,  t_j = (1 - s) [j = label] + s / c
// probabilities, dx [n, c]  labels [n] u32  dy []
// one invocation = one element
// needs: nothing
// reads probabilities labels dy, writes dx; accumulate: no
// reference: engine/reference/softmax_cross_entropy.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "softmax_cross_entropy.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SoftmaxCrossEntropyGradientParams, p)
BUFFER_READ(0, float, probabilities)
BUFFER_READ(1, uint, labels)
BUFFER_READ(2, float, dy)
BUFFER_WRITE(3, float, dx)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint row = i / p.classes;
  const float hit = labels[row] == i - row * p.classes ? 1.0 - p.label_smoothing : 0.0;
  const float target = hit + p.label_smoothing / float(p.classes);
  dx[i] = dy[0] * (probabilities[i] - target) / float(p.rows);
}
