// SPDX-License-Identifier: Apache-2.0
// batch_norm backward, first pass.  dbeta = sum dy, dgamma = inverse_std * sum dy (x - mean), over all rows
// x, dy [rows, c]  mean, inverse_std, dgamma, dbeta [c]  partials [2, slices, c] (of dy, of dy (x - mean))  counters [columns]  f32
// one workgroup = a slice of the rows of one column of channels (lib/columns.glsl); the last one of a column adds its slices
// needs: blocks is a multiple of width / column; LOWTIDE_VEC4: c % 4 == 0
// reads x dy mean inverse_std, updates partials counters, writes dgamma dbeta; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/element.glsl"
#include "lib/last_workgroup.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(128)
layout(constant_id = 1) const uint column = 16;
PUSH_CONSTANTS(BatchNormStatisticsParams, p)
BUFFER_READ(0, element_t, x)
BUFFER_READ(1, element_t, dy)
BUFFER_READ(2, element_t, mean)
BUFFER_READ(3, element_t, inverse_std)
BUFFER_EXCHANGE(4, element_t, partials)
BUFFER_COUNTERS(5)
BUFFER_WRITE(6, element_t, dgamma)
BUFFER_WRITE(7, element_t, dbeta)

#include "backward_sums.glsl"

void finish(uint item, element_t plain, element_t product) {
  dbeta[item] = plain;
  dgamma[item] = product * inverse_std[item];
}

void main() {
  const uint item = item_of_lane(p.channels);
  element_t sum = element_t(0.0);
  element_t product_sum = element_t(0.0);
  if (item < p.channels) {
    const element_t center = mean[item];
    const uint first = block_of_lane(p.channels) * p.channels + item;
    for (uint i = first; i < p.rows * p.channels; i += p.blocks * p.channels) {
      const element_t d = dy[i];
      sum += d;
      product_sum += d * (x[i] - center);
    }
  }
  finish_sums(p.channels, p.blocks, 0u, sum, product_sum);
}
