// SPDX-License-Identifier: Apache-2.0
// batch_norm_activation backward, first pass.  ds from dvalue and dlevels; over all rows the sums of ds, of ds (x - mean)
// x, dvalue, dlevels, ds [rows, c]  coefficients [4, c]  partials [2 + 2 slices, c] (the sums, then as of backward_weight)  f32; codes u8 [rows, c]
// one workgroup = a slice of the rows of one column of channels (lib/columns.glsl); the last one of a column adds its slices
// needs: stride = blocks * channels, blocks a multiple of width / column, c % 4 == 0
// reads x coefficients codes dvalue dlevels, updates partials counters, writes ds (has_ds only); accumulate: no
// reference: engine/reference/batch_norm_activation.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#define LOWTIDE_VEC4
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/last_workgroup.glsl"
#include "lib/quant.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(128)
layout(constant_id = 6) const uint column = 16;
PUSH_CONSTANTS(BatchNormActivationParams, p)
BUFFER_READ(0, vec4, x)
BUFFER_READ(1, vec4, coefficients)
BUFFER_READ(2, uint, codes)
BUFFER_READ(3, vec4, dvalue)
BUFFER_READ(4, vec4, dlevels)
BUFFER_WRITE(5, vec4, ds)
BUFFER_EXCHANGE(6, vec4, partials)
BUFFER_COUNTERS(7)

#include "activation.glsl"
#include "activation_gradient.glsl"
#include "backward_sums.glsl"

// dgamma and dbeta are written by the last pass, which has bindings left for them.
void finish(uint item, vec4 plain, vec4 product) {
  partials[item] = plain;
  partials[p.channels + item] = product;
}

void main() {
  const uint item = item_of_lane(p.channels);
  vec4 sum = vec4(0.0);
  vec4 product_sum = vec4(0.0);
  if (item < p.channels) {
    const vec4 center = coefficients[item];
    for (uint i = block_of_lane(p.channels) * p.channels + item; i < p.count; i += p.stride) {
      const vec4 d = gradient_of(i);
      if (has_ds != 0u) ds[i] = d;
      sum += d;
      product_sum += d * (x[i] - center);
    }
  }
  finish_sums(p.channels, p.stride / p.channels, 2u * p.channels, sum, product_sum);
}
