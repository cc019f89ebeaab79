// SPDX-License-Identifier: Apache-2.0
// The quantisers' forward maps on the host, exhaustively: every level, every tie, saturation, 1 to 8 bits; and the
// identity that lets layers compute on integers: step * level is the value of the published formula.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/quant/quantizer.hpp"

namespace lowtide::quant {
namespace {

TEST(QuantLevels, RoundsHalfToEven) {
  for (int i = -300; i <= 300; ++i) {
    const auto base = static_cast<float>(i);
    EXPECT_EQ(round_half_even(base), base);
    EXPECT_EQ(round_half_even(base + 0.5f), i % 2 == 0 ? base : base + 1) << base;
    EXPECT_EQ(round_half_even(std::nextafter(base + 0.5f, 1e9f)), base + 1);
    EXPECT_EQ(round_half_even(std::nextafter(base + 0.5f, -1e9f)), base);
  }
}

TEST(QuantLevels, ActivationsReachEveryLevelAndSaturate) {
  for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
    const uint32_t n = max_code(bits);
    for (uint32_t q = 0; q <= n; ++q) {
      const float centre = static_cast<float>(q) / static_cast<float>(n);
      EXPECT_EQ(quantize_activation(centre, bits), static_cast<float>(q));
      // Level q owns the places between the middles to its neighbours.
      const float inside = 0.49f / static_cast<float>(n);
      EXPECT_EQ(quantize_activation(centre + inside, bits), static_cast<float>(q));
      EXPECT_EQ(quantize_activation(centre - inside, bits), static_cast<float>(q));
    }
    for (const float below : {-0.0f, -1e-30f, -1.0f, -1e30f, -std::numeric_limits<float>::infinity(),
                              std::numeric_limits<float>::quiet_NaN()}) {
      EXPECT_EQ(quantize_activation(below, bits), 0.0f);
    }
    for (const float above : {1.0f, std::nextafter(1.0f, 2.0f), 1e30f, std::numeric_limits<float>::infinity()}) {
      EXPECT_EQ(quantize_activation(above, bits), static_cast<float>(n));
    }
  }
}

// Where x * n is a half exactly in f32, the even level wins; one step of f32 aside, the nearer one.
TEST(QuantLevels, ActivationTiesGoToEven) {
  for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
    const auto n = static_cast<float>(max_code(bits));
    uint32_t exact_ties = 0;
    for (uint32_t q = 0; q < max_code(bits); ++q) {
      const float tie = (static_cast<float>(q) + 0.5f) / n;
      const float even = static_cast<float>(q % 2 == 0 ? q : q + 1);
      if (tie * n != static_cast<float>(q) + 0.5f) continue;  // the product rounds away from the half
      ++exact_ties;
      EXPECT_EQ(quantize_activation(tie, bits), even);
      EXPECT_EQ(quantize_activation(tie * (1 - 1e-6f), bits), static_cast<float>(q));
      EXPECT_EQ(quantize_activation(tie * (1 + 1e-6f), bits), static_cast<float>(q) + 1);
    }
    EXPECT_GT(exact_ties, 0u) << bits << " bits";
  }
}

TEST(QuantLevels, WeightsAreOddAndSymmetric) {
  for (uint32_t bits = 2; bits <= kMaxBits; ++bits) {
    const auto n = static_cast<float>(max_code(bits));
    EXPECT_EQ(quantize_weight(0.0f, bits), -n);
    EXPECT_EQ(quantize_weight(1.0f, bits), n);
    for (uint32_t q = 0; q <= max_code(bits); ++q) {
      const float unit = static_cast<float>(q) / n;
      const float level = quantize_weight(unit, bits);
      EXPECT_EQ(level, 2.0f * static_cast<float>(q) - n);
      EXPECT_EQ(std::fmod(std::abs(level), 2.0f), 1.0f);
      EXPECT_EQ(quantize_weight(1.0f - unit, bits), -level);
      EXPECT_NEAR(level * level_step(bits), 2 * unit - 1, 1e-6);  // Zhou et al. 2016, equation 9: 2 quantize_k(.) - 1
    }
  }
  EXPECT_EQ(weight_unit(0.5f, 0.5f), 1.0f);
  EXPECT_EQ(weight_unit(-0.5f, 0.5f), 0.0f);
  EXPECT_EQ(weight_unit(0.0f, 0.5f), 0.5f);
  EXPECT_EQ(weight_unit(0.6f, 0.5f), 1.0f);
}

TEST(QuantLevels, SignOfZeroIsPlusOne) {
  EXPECT_EQ(quantize_sign(0.0f), 1.0f);
  EXPECT_EQ(quantize_sign(-0.0f), 1.0f);
  EXPECT_EQ(quantize_sign(std::numeric_limits<float>::denorm_min()), 1.0f);
  EXPECT_EQ(quantize_sign(-std::numeric_limits<float>::denorm_min()), -1.0f);
  EXPECT_EQ(quantize_sign(std::numeric_limits<float>::quiet_NaN()), -1.0f);
}

TEST(QuantLevels, CodesAndLevelsAreInverse) {
  for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
    for (uint32_t code = 0; code <= max_code(bits); ++code) {
      EXPECT_EQ(weight_code(weight_level(code, bits), bits), code);
      EXPECT_EQ(
          activation_code(activation_level(code, ActivationKind::unsigned_levels), ActivationKind::unsigned_levels),
          code);
    }
  }
  EXPECT_EQ(weight_level(0, 1), -1.0f);
  EXPECT_EQ(weight_level(1, 1), 1.0f);
  EXPECT_EQ(activation_level(0, ActivationKind::signs), -1.0f);
  EXPECT_EQ(activation_code(1.0f, ActivationKind::signs), 1u);
}

}  // namespace
}  // namespace lowtide::quant
