// SPDX-License-Identifier: Apache-2.0
// batch_norm forward, statistics, naive.  mean, 1 / sqrt(var + epsilon), unbiased variance
// x [rows, c]  mean, inverse_std, variance, gamma, beta [c]  coefficients [4, c]  f32
// one invocation = one channel, in two passes over its rows
// needs: rows > 1
// reads x, writes mean inverse_std variance; accumulate: no
// reference: engine/reference/batch_norm.cpp
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/buffer.glsl"
#include "lib/ints.glsl"
#include "batch_norm.params.h"

WORKGROUP_WIDTH(64)
PUSH_CONSTANTS(BatchNormStatisticsParams, p)
BUFFER_READ(0, float, x)
BUFFER_WRITE(1, float, mean)
#ifdef LOWTIDE_COEFFICIENTS
BUFFER_WRITE(2, float, coefficients)
BUFFER_READ(4, float, gamma)
BUFFER_READ(5, float, beta)
#else
BUFFER_WRITE(2, float, inverse_std)
#endif
BUFFER_WRITE(3, float, variance)

void main() {
  const uint channel = linear_invocation();
  if (channel >= p.channels) return;
  const float shift = x[channel];  // sums about a value of the channel keep their digits where the mean is large
  float sum = 0.0;
  for (uint row = 0u; row < p.rows; ++row) sum += x[row * p.channels + channel] - shift;
  const float average = shift + sum / float(p.rows);
  float squares = 0.0;
  for (uint row = 0u; row < p.rows; ++row) {
    const float deviation = x[row * p.channels + channel] - average;
    squares += deviation * deviation;
  }
  mean[channel] = average;
  const float inverse = inversesqrt(squares / float(p.rows) + p.epsilon);
#ifdef LOWTIDE_COEFFICIENTS
  coefficients[channel] = average;
  coefficients[p.channels + channel] = inverse * gamma[channel];
  coefficients[2u * p.channels + channel] = beta[channel];
  coefficients[3u * p.channels + channel] = inverse;
#else
  inverse_std[channel] = inverse;
#endif
  variance[channel] = squares / float(p.rows - 1u);
}
