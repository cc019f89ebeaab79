// SPDX-License-Identifier: Apache-2.0
// quantize_magnitude backward, tuned.  mean: dw = dresult sign(w) / n;  max: dw = dresult sign(w) / attained where |w| = result
// w, dw [count]  result, dresult [count / row_length]  attained []  f32; attained is not read for the mean
// one invocation = every stride-th group of four elements
// needs: row_length % 4 == 0; else magnitude_backward_input_naive.comp
// reads w result dresult attained, writes dw; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeMagnitudeGradientParams, p)
BUFFER_READ(0, vec4, w)
BUFFER_READ(1, float, result)
BUFFER_READ(2, float, dresult)
BUFFER_READ(3, float, attained)
BUFFER_WRITE(4, vec4, dw)

void main() {
  const float share_of_maximum = p.is_max != 0u ? 1.0 / attained[0] : 0.0;
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const uint row = i / p.row_items;
    vec4 share = vec4(p.share);
    if (p.is_max != 0u) share = mix(vec4(0.0), vec4(share_of_maximum), equal(abs(w[i]), vec4(result[row])));
    dw[i] = dresult[row] * quantize_sign(w[i]) * share;
  }
}
