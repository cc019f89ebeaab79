// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic that every layer needs. All functions are exact and constexpr.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "engine/base/check.hpp"

namespace lowtide {

// Smallest integer not below a / b; b > 0.
template <class T>
constexpr T ceil_div(T a, std::type_identity_t<T> b) {
  return static_cast<T>(a / b + (a % b != 0 ? 1 : 0));
}

// Smallest multiple of `multiple` not below a; multiple > 0.
template <class T>
constexpr T round_up(T a, std::type_identity_t<T> multiple) {
  return static_cast<T>(ceil_div(a, multiple) * multiple);
}

// Converts between integer types; aborts when the value does not fit.
template <class To, class From>
constexpr To narrow(From value) {
  const To result = static_cast<To>(value);
  LOWTIDE_CHECK(static_cast<From>(result) == value && ((result < To{}) == (value < From{})),
                "the value does not fit the narrower integer type");
  return result;
}

// Smallest e with 2^e >= value; value > 0.
constexpr uint32_t log2_ceil(uint64_t value) {
  return value <= 1 ? 0u : static_cast<uint32_t>(std::bit_width(value - 1));
}

// a * b, or no value where the product does not fit: for sizes read from files.
constexpr bool multiply_overflows(uint64_t a, uint64_t b) {
  return b != 0 && a > std::numeric_limits<uint64_t>::max() / b;
}

}  // namespace lowtide
