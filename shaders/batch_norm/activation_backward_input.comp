// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation backward, last pass.  dx = factor (ds - dbeta / rows - x^ dgamma / rows),  x^ = (x - mean) inverse_std
// x, gradient, dx [rows, c]  coefficients [4, c]  sums [2, c] (of ds, of ds (x - mean))  dgamma, dbeta [c]  f32; codes u8 [rows, c]
// one invocation = every stride-th group of four elements, all of the same four channels
// needs: stride % channels == 0, c % 4 == 0; gradient: the first pass's ds, or the one that reaches the value or the levels
// reads x coefficients codes gradient sums, writes dgamma dbeta dx; accumulate: no
// reference: engine/reference/batch_norm_activation.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/element.glsl"
#include "lib/quant.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormActivationParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, coefficients)
BUFFER_READ(2, uint, codes)
BUFFER_READ(3, vec4, gradient)
BUFFER_READ(4, vec4, sums)
BUFFER_WRITE(5, vec4, dgamma)
BUFFER_WRITE(6, vec4, dbeta)
BUFFER_WRITE(7, vec4, dx)

#include "activation.glsl"
#define dvalue gradient
#define dlevels gradient
#include "activation_gradient.glsl"

void main() {
  const uint channel = linear_invocation() % p.channels;
  const vec4 center = coefficients[channel];
  const vec4 factor = coefficients[p.channels + channel];
  const vec4 inverse_std = coefficients[3u * p.channels + channel];
  const vec4 gamma_gradient = sums[p.channels + channel] * inverse_std;
  if (linear_invocation() < p.channels) {
    dgamma[channel] = gamma_gradient;
    dbeta[channel] = sums[channel];
  }
  const vec4 slope = -factor * inverse_std * gamma_gradient * p.inverse_rows;
  const vec4 added = -factor * sums[channel] * p.inverse_rows;
  FOR_TILE_ITEMS(i, p.count, p.stride) {
    const vec4 d = has_ds != 0u ? gradient[i] : gradient_of(i);
    dx[i] = factor * d + (slope * (x[i] - center) + added);
  }
}
