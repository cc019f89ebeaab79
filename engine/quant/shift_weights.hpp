// SPDX-License-Identifier: Apache-2.0
// Forward maps of the weights of shift networks: latents -> a signed power of two, in units of the smallest magnitude.
// Twin of shaders/sparse_shift/levels.glsl and shaders/deepshift/levels.glsl. No map asks a device for a logarithm: the
// exponent nearest to log2 |x| is read from the float's bits, so both sides decide alike.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "engine/quant/quantizer.hpp"

namespace lowtide::quant {

// S3 (Li et al. 2021). Latents of a weight of 2 to 4 bits, in the order sign, sparse, shift_1 .. shift_T with
// T = 2^(bits - 1) - 2:  level = sg(sign) H(sparse) 2^(p_T),  p_0 = 0,  p_t = H(shift_t) (1 + p_(t - 1)),  where
// H(x) = 1 for x > 0, else 0, and sg(x) = +1 for x >= 0, else -1. The levels are those of WeightKind::shift.
constexpr uint32_t sparse_shift_latents(uint32_t bits) {
  return 1u << (bits - 1);
}
constexpr uint32_t sparse_shift_shifts(uint32_t bits) {
  return sparse_shift_latents(bits) - 2;
}

// DeepShift (Elhoushi et al. 2021): bits of a weight, sign included, and the exponents 2^-range .. 2^0 that they reach.
inline constexpr uint32_t kMinDeepshiftBits = 2;
inline constexpr uint32_t kMaxDeepshiftBits = 5;
constexpr uint32_t deepshift_q_range(uint32_t bits) {
  return (1u << (bits - 1)) - 1;  // a binary sign
}
constexpr uint32_t deepshift_ps_range(uint32_t bits) {
  return (1u << (bits - 1)) - 2;  // a ternary sign
}
// Real weight of level 1.
constexpr float deepshift_step(uint32_t range) {
  return 1.0f / static_cast<float>(1u << range);
}

// The integer e nearest to log2 |x|. No float lies on a tie, since sqrt(2) 2^e is irrational: the mantissa decides, and
// 0x3504f4 is the fraction of the smallest float above sqrt(2). Zero and denormals give -127 or -126.
inline int32_t nearest_exponent(float x) {
  constexpr uint32_t kFractionMask = 0x7fffffu, kAboveSquareRoot = 0x3504f4u;
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const auto exponent = static_cast<int32_t>((bits >> 23) & 0xffu) - 127;
  return (bits & kFractionMask) >= kAboveSquareRoot ? exponent + 1 : exponent;
}

// sign(x) 2^e, e = nearest_exponent clamped to [-range, 0]; the level counts in 2^-range. +1 for both zeros.
inline float deepshift_q_level(float x, uint32_t range) {
  const int32_t place = nearest_exponent(x) + static_cast<int32_t>(range);
  const int32_t exponent = std::clamp(place, 0, static_cast<int32_t>(range));
  const auto level = static_cast<float>(1u << static_cast<uint32_t>(exponent));
  return std::bit_cast<uint32_t>(x) > 0x80000000u ? -level : level;
}

// The shift latent in [-range, 0]. NaN becomes -range.
inline float deepshift_clamped(float shift, uint32_t range) {
  const float lowest = -static_cast<float>(range);
  return shift > lowest ? (shift < 0.0f ? shift : 0.0f) : lowest;
}

// sign(round(sign)) 2^round(shift), both rounded half to even: the sign is 0 for |sign| <= 1/2.
inline float deepshift_ps_level(float shift, float sign, uint32_t range) {
  const float exponent = round_half_even(deepshift_clamped(shift, range)) + static_cast<float>(range);
  const auto magnitude = static_cast<float>(1u << static_cast<uint32_t>(exponent));
  return sign > 0.5f ? magnitude : (sign < -0.5f ? -magnitude : 0.0f);
}

}  // namespace lowtide::quant
