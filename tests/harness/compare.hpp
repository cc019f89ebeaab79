// SPDX-License-Identifier: Apache-2.0
// Comparison of a device's elements with the reference's. Empty text: they agree.
#pragma once

#include <span>
#include <string>

namespace lowtide::harness {

// Exact: equal, element by element.
std::string compare_exactly(std::span<const double> reference, std::span<const double> found);

// err_power <= tolerance^2 * ref_power and max |error| <= 16 * tolerance * max |reference|. NaN and infinity in `found`
// are refused wherever the reference is finite, and so is a reference that is zero everywhere: it would let a kernel
// that does nothing pass.
std::string compare_closely(std::span<const double> reference, std::span<const double> found, double tolerance);

}  // namespace lowtide::harness
