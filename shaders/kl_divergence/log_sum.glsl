// SPDX-License-Identifier: Apache-2.0
// Row-wise log softmax at a temperature. A macro, because a buffer is never passed to a function; needs the push constants `p`.

// Declares `maximum` = max_j x_j and `log_sum` = log sum_j exp((x_j - maximum) / T) of the row that starts at `first`.
#define LOG_SUM(x, first, maximum, log_sum)                                                         \
  float maximum = x[first];                                                                         \
  for (uint j = 1u; j < p.classes; ++j) maximum = max(maximum, x[(first) + j]);                     \
  float log_sum = 0.0;                                                                              \
  for (uint j = 0u; j < p.classes; ++j) log_sum += exp((x[(first) + j] - maximum) / p.temperature); \
  log_sum = log(log_sum);
