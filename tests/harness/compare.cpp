// SPDX-License-Identifier: Apache-2.0
// Comparison of elements.
#include "tests/harness/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lowtide::harness {

std::string compare_exactly(std::span<const double> reference, std::span<const double> found) {
  if (reference.size() != found.size()) return fmt::format("{} elements, not {}", found.size(), reference.size());
  for (size_t i = 0; i < reference.size(); ++i) {
    if (reference[i] != found[i]) return fmt::format("element {} is {}, not {}", i, found[i], reference[i]);
  }
  return {};
}

std::string compare_closely(std::span<const double> reference, std::span<const double> found, double tolerance) {
  if (reference.size() != found.size()) return fmt::format("{} elements, not {}", found.size(), reference.size());
  double error_power = 0, reference_power = 0, largest = 0, largest_error = 0;
  size_t worst = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    if (!std::isfinite(found[i])) return fmt::format("element {} is {}, not {}", i, found[i], reference[i]);
    const double error = std::abs(found[i] - reference[i]);
    error_power += error * error;
    reference_power += reference[i] * reference[i];
    largest = std::max(largest, std::abs(reference[i]));
    if (error > largest_error) {
      largest_error = error;
      worst = i;
    }
  }
  if (largest == 0) return "the reference is zero everywhere: the case tests nothing";
  if (largest_error > 16 * tolerance * largest) {
    return fmt::format("element {} is {}, not {} (largest error; bound {})", worst, found[worst], reference[worst],
                       16 * tolerance * largest);
  }
  if (error_power > tolerance * tolerance * reference_power) {
    return fmt::format("relative error {} is above {}", std::sqrt(error_power / reference_power), tolerance);
  }
  return {};
}

}  // namespace lowtide::harness
