// SPDX-License-Identifier: Apache-2.0
// What benches say of a row's times, which are ascending and at least one.
#pragma once

#include <cstddef>
#include <span>

namespace lowtide::bench {

inline double quantile(std::span<const double> ascending, double q) {
  return ascending[static_cast<size_t>(q * static_cast<double>(ascending.size() - 1))];
}

// (90th percentile - 10th percentile) / median
inline double spread(std::span<const double> ascending) {
  return (quantile(ascending, 0.9) - quantile(ascending, 0.1)) / quantile(ascending, 0.5);
}

}  // namespace lowtide::bench
