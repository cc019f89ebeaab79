// SPDX-License-Identifier: Apache-2.0
// quantize_magnitude backward, naive.  mean: dw = dresult sign(w) / n;  max: dw = dresult sign(w) / attained where |w| = result
// w, dw [count]  result, dresult [count / row_length]  attained []  f32; attained is not read for the mean
// one invocation = one element
// needs: nothing
// reads w result dresult attained, writes dw; accumulate: no
// reference: engine/reference/quantize.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "quantize.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(QuantizeMagnitudeGradientParams, p)
BUFFER_READ(0, float, w)
BUFFER_READ(1, float, result)
BUFFER_READ(2, float, dresult)
BUFFER_READ(3, float, attained)
BUFFER_WRITE(4, float, dw)

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint row = i / p.row_items;
  float share = p.share;
  if (p.is_max != 0u) share = abs(w[i]) == result[row] ? 1.0 / attained[0] : 0.0;
  dw[i] = dresult[row] * quantize_sign(w[i]) * share;
}
