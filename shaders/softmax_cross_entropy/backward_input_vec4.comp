// SPDX-License-Identifier: Apache-2.0
// softmax_cross_entropy backward, tuned.  dx = dy (p - t) / n,  t_j = (1 - s) [j = label] + s / c
// probabilities, dx [n, c]  labels [n] u32  dy []
// one invocation = every stride-th group of four classes
// needs: c % 4 == 0; else backward_input_naive.comp
// reads probabilities labels dy, writes dx; accumulate: no
// reference: engine/reference/softmax_cross_entropy.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "softmax_cross_entropy.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(SoftmaxCrossEntropyGradientParams, p)
BUFFER_READ(0, vec4, probabilities)
BUFFER_READ(1, uint, labels)
BUFFER_READ(2, float, dy)
BUFFER_WRITE(3, vec4, dx)

void main() {
  const vec4 missed = vec4(p.label_smoothing / float(p.classes));
  const float factor = dy[0] / float(p.rows);
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const uint row = 4u * i / p.classes;
    const uvec4 column = 4u * i - row * p.classes + uvec4(0u, 1u, 2u, 3u);
    const vec4 target = mix(missed, missed + (1.0 - p.label_smoothing), equal(column, uvec4(labels[row])));
    dx[i] = factor * (probabilities[i] - target);
  }
}
