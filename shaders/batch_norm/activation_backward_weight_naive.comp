// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation backward, sums, naive.  ds from dvalue and dlevels;  dbeta = sum ds,  dgamma = inverse_std sum ds (x - mean)
// x, dvalue, dlevels, ds [rows, c]  coefficients [4, c]  dgamma_dbeta [2, c]  f32; codes u8 [rows, c]
// one invocation = four channels, row after row
// needs: c % 4 == 0
// reads x coefficients codes dvalue dlevels, writes dgamma dbeta ds (ds with a shortcut only); accumulate: no
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
BUFFER_WRITE(5, vec4, dgamma)
BUFFER_WRITE(6, vec4, dbeta)
BUFFER_WRITE(7, vec4, ds)

#include "activation.glsl"
#include "activation_gradient.glsl"

void main() {
  const uint channel = linear_invocation();
  if (channel >= p.channels) return;
  const vec4 center = coefficients[channel];
  vec4 sum = vec4(0.0);
  vec4 product_sum = vec4(0.0);
  for (uint i = channel; i < p.count; i += p.channels) {
    const vec4 d = gradient_of(i);
    if (has_ds != 0u) ds[i] = d;
    sum += d;
    product_sum += d * (x[i] - center);
  }
  dgamma[channel] = product_sum * coefficients[3u * p.channels + channel];
  dbeta[channel] = sum;
}
