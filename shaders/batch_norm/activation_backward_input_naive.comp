// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation backward, last pass, naive.  dx = factor (ds - dbeta / rows - x^ dgamma / rows)
// x, dvalue, dlevels, dx [rows, c]  coefficients [4, c]  dgamma, dbeta [c]  f32; codes u8 [rows, c]
// one invocation = four elements of a row; x^ = (x - mean) inverse_std
// needs: c % 4 == 0; with a shortcut dvalue is the first pass's ds
// reads all but dx, writes dx; accumulate: no
// reference: engine/reference/batch_norm_activation.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "lib/quant.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormActivationParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, coefficients)
BUFFER_READ(2, uint, codes)
BUFFER_READ(3, vec4, dvalue)
BUFFER_READ(4, vec4, dlevels)
BUFFER_READ(5, vec4, dgamma)
BUFFER_READ(6, vec4, dbeta)
BUFFER_WRITE(7, vec4, dx)

#include "activation.glsl"
#include "activation_gradient.glsl"

void main() {
  const uint i = linear_invocation();
  if (i >= p.count) return;
  const uint channel = i % p.channels;
  const vec4 normalized = (x[i] - coefficients[channel]) * coefficients[3u * p.channels + channel];
  const vec4 d = has_ds != 0u ? dvalue[i] : gradient_of(i);
  const vec4 centered = d - (dbeta[channel] + normalized * dgamma[channel]) * p.inverse_rows;
  dx[i] = coefficients[p.channels + channel] * centered;
}
