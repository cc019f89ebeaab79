// SPDX-License-Identifier: Apache-2.0
// batch_norm forward, statistics.  mean, 1 / sqrt(var + epsilon), unbiased variance
// x [rows, c]  partials [2, slices, c] (means, squares)  counters [columns]  mean, inverse_std, variance, gamma, beta [c]  coefficients [4, c]  f32
// one workgroup = a slice of the rows of one column of channels (lib/columns.glsl); the last one of a column merges its slices
// needs: rows > 1; blocks is a multiple of width / column; LOWTIDE_VEC4: c % 4 == 0
// reads x, updates partials counters, writes mean inverse_std variance; accumulate: no
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
BUFFER_EXCHANGE(1, element_t, partials)
BUFFER_COUNTERS(2)
BUFFER_WRITE(3, element_t, mean)
#ifdef LOWTIDE_COEFFICIENTS
BUFFER_WRITE(4, element_t, coefficients)
BUFFER_READ(6, element_t, gamma)
BUFFER_READ(7, element_t, beta)
#else
BUFFER_WRITE(4, element_t, inverse_std)
#endif
BUFFER_WRITE(5, element_t, variance)

#include "lib/columns.glsl"

// Of a set of rows: their count, mean and sum of squared deviations from it.
struct Moments {
  float n;
  element_t mean;
  element_t squares;
};

// Of two disjoint sets (Chan, Golub and LeVeque 1983).
Moments merge(Moments a, Moments b) {
  const float n = a.n + b.n;
  if (n == 0.0) return a;
  const element_t delta = b.mean - a.mean;
  const float share = b.n / n;
  return Moments(n, a.mean + delta * share, a.squares + b.squares + delta * delta * (a.n * share));
}

// The sums run over x - x[first], so that a mean far from zero costs no digits of the variance: with d = x - x[first],
// sum (x - mean)^2 = sum d^2 - (sum d)^2 / n, and d is about as large as the deviation itself.
Moments moments_of_block(uint block, uint item) {
  if (block >= p.rows || item >= p.channels) return Moments(0.0, element_t(0.0), element_t(0.0));
  const uint first = block * p.channels + item;
  const element_t shift = x[first];
  element_t sum = element_t(0.0);
  element_t squares = element_t(0.0);
  for (uint i = first + p.blocks * p.channels; i < p.rows * p.channels; i += p.blocks * p.channels) {
    const element_t d = x[i] - shift;
    sum += d;
    squares += d * d;
  }
  const float n = float((p.rows - 1u - block) / p.blocks + 1u);
  return Moments(n, shift + sum / n, max(squares - sum * sum / n, element_t(0.0)));
}

float rows_of_slice(uint slice) {
  const uint longer = p.rows % p.blocks;  // so many blocks hold one row more
  const uint first = slice * kLaneRows;
  return float(p.rows / p.blocks * kLaneRows + (longer > first ? min(longer - first, kLaneRows) : 0u));
}

shared float counts[gl_WorkGroupSize.x];
shared element_t means[gl_WorkGroupSize.x];
shared element_t squared[gl_WorkGroupSize.x];

// Over the rows of the workgroup, for its first row; every invocation calls.
Moments merge_lanes(Moments own) {
  const uint lane = gl_LocalInvocationID.x;
  counts[lane] = own.n;
  means[lane] = own.mean;
  squared[lane] = own.squares;
  for (uint count = kLaneRows; count > 1u;) {
    const uint next = ceil_div(count, kTreeRadix);
    barrier();
    if (lane_row() < next) {
      for (uint row = lane_row() + next; row < count; row += next) {
        const uint other = row * column + lane % column;
        own = merge(own, Moments(counts[other], means[other], squared[other]));
      }
      counts[lane] = own.n;
      means[lane] = own.mean;
      squared[lane] = own.squares;
    }
    count = next;
  }
  return own;
}

void finish(uint item, Moments all) {
  mean[item] = all.mean;
  const element_t inverse = inversesqrt(all.squares / float(p.rows) + p.epsilon);
#ifdef LOWTIDE_COEFFICIENTS
  coefficients[item] = all.mean;
  coefficients[p.channels + item] = inverse * gamma[item];
  coefficients[2u * p.channels + item] = beta[item];
  coefficients[3u * p.channels + item] = inverse;
#else
  inverse_std[item] = inverse;
#endif
  variance[item] = all.squares / float(p.rows - 1u);
}

void main() {
  const uint item = item_of_lane(p.channels);
  const uint slices = p.blocks / kLaneRows;
  const bool is_writer = lane_row() == 0u && item < p.channels;
  const Moments own = merge_lanes(moments_of_block(block_of_lane(p.channels), item));
  if (is_writer) {
    const uint slice = slice_of_workgroup(p.channels);
    partials[slice * p.channels + item] = own.mean;
    partials[(slices + slice) * p.channels + item] = own.squares;
  }
  if (is_last_workgroup(column_of_workgroup(p.channels), slices)) {
    Moments all = Moments(0.0, element_t(0.0), element_t(0.0));
    if (item < p.channels) {
      for (uint slice = lane_row(); slice < slices; slice += kLaneRows) {
        all = merge(all, Moments(rows_of_slice(slice), partials[slice * p.channels + item],
                                 partials[(slices + slice) * p.channels + item]));
      }
    }
    all = merge_lanes(all);
    if (is_writer) finish(item, all);
  }
}
