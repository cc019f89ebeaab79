// SPDX-License-Identifier: Apache-2.0
// The quantisers' forward maps on the host, exhaustively: every level, every tie, saturation, 1 to 8 and 16 bits; and
// the identity that lets layers compute on integers: step * level is the value of the published formula.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

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
  for (uint32_t bits = 1; bits <= kWideBits; ++bits) {
    if (!has_level_bits(bits)) continue;
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
  for (uint32_t bits = 1; bits <= kWideBits; ++bits) {
    if (!has_level_bits(bits)) continue;
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
  for (uint32_t bits = 2; bits <= kWideBits; ++bits) {
    if (!has_level_bits(bits)) continue;
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
      const auto kind = ActivationKind::unsigned_levels;
      EXPECT_EQ(activation_code(activation_level(code, kind, bits), kind, bits), code);
    }
  }
  EXPECT_EQ(weight_level(0, 1), -1.0f);
  EXPECT_EQ(weight_level(1, 1), 1.0f);
  EXPECT_EQ(activation_level(0, ActivationKind::signs, 1), -1.0f);
  EXPECT_EQ(activation_code(1.0f, ActivationKind::signs, 1), 1u);
}

TEST(QuantLevels, ShiftCodesByHand) {
  const auto levels_of = [](uint32_t bits) {
    std::vector<float> levels;
    for (uint32_t code = 0; code <= max_code(bits); ++code) levels.push_back(shift_level(code, bits));
    return levels;
  };
  EXPECT_EQ(levels_of(2), (std::vector<float>{0, 1, 0, -1}));  // code 2 is the unused negative zero
  EXPECT_EQ(levels_of(3), (std::vector<float>{0, 1, 2, 4, 0, -1, -2, -4}));
  EXPECT_EQ(levels_of(4), (std::vector<float>{0, 1, 2, 4, 8, 16, 32, 64, 0, -1, -2, -4, -8, -16, -32, -64}));
  for (uint32_t bits = kMinShiftBits; bits <= kMaxShiftBits; ++bits) {
    for (uint32_t code = 0; code <= max_code(bits); ++code) {
      const bool is_negative_zero = code == 1u << (bits - 1);
      EXPECT_EQ(shift_code(shift_level(code, bits), bits), is_negative_zero ? 0u : code);
      EXPECT_EQ(weight_level(code, bits, WeightKind::shift), shift_level(code, bits));
    }
    EXPECT_EQ(static_cast<float>(max_level(ActivationKind::shift, bits)), shift_level(max_code(bits) >> 1, bits));
  }
}

TEST(QuantLevels, RanksFollowLevels) {
  for (uint32_t bits = kMinShiftBits; bits <= kMaxShiftBits; ++bits) {
    const auto kind = ActivationKind::shift;
    float before = -1e9f;
    for (uint32_t rank = 0; rank < level_count(kind, bits); ++rank) {
      const uint32_t code = activation_code_of_rank(rank, kind, bits);
      EXPECT_EQ(activation_rank(code, kind, bits), rank);
      EXPECT_GT(activation_level(code, kind, bits), before) << "rank " << rank << " of " << bits << " bits";
      before = activation_level(code, kind, bits);
    }
  }
  for (const auto kind : {ActivationKind::signs, ActivationKind::unsigned_levels}) {
    EXPECT_EQ(activation_rank(1, kind, 1), 1u);
    EXPECT_EQ(level_count(kind, 1), 2u);
  }
}

TEST(QuantLevels, SignedWeightsAreTwosComplement) {
  const auto kind = WeightKind::signed_levels;
  EXPECT_EQ(weight_level(0, 2, kind), 0.0f);
  EXPECT_EQ(weight_level(1, 2, kind), 1.0f);
  EXPECT_EQ(weight_level(2, 2, kind), -2.0f);
  EXPECT_EQ(weight_level(3, 2, kind), -1.0f);
  for (uint32_t bits = 2; bits <= kMaxBits; ++bits) {
    const int half = 1 << (bits - 1);
    for (int level = -half; level < half; ++level) {
      const uint32_t code = weight_code(static_cast<float>(level), bits, kind);
      EXPECT_LE(code, max_code(bits));
      EXPECT_EQ(weight_level(code, bits, kind), static_cast<float>(level));
    }
    EXPECT_EQ(max_level(kind, bits), static_cast<uint32_t>(half));
  }
}

// Every threshold, one step of f32 to either side, both signs; the tie goes up, but not in the ternary rule.
TEST(QuantLevels, StaircaseReachesEveryLevel) {
  const ShiftThresholds thresholds = {0.9f, 0.5f, 0.3f, 0.14f, 0.07f, 0.03f, 0.01f};
  for (uint32_t bits = kMinShiftBits; bits <= kMaxShiftBits; ++bits) {
    const uint32_t q = shift_magnitudes(bits);
    for (uint32_t i = 0; i < q; ++i) {
      const float t = thresholds[i];
      const auto above = static_cast<float>(1u << (q - 1 - i));
      const float below = i + 1 == q ? 0.0f : above / 2;
      for (const float sign : {1.0f, -1.0f}) {
        EXPECT_EQ(quantize_shift(sign * std::nextafter(t, 2.0f), bits, thresholds), sign * above);
        EXPECT_EQ(quantize_shift(sign * t, bits, thresholds), sign * (bits == 2 ? below : above));
        EXPECT_EQ(quantize_shift(sign * std::nextafter(t, 0.0f), bits, thresholds), sign * below);
      }
    }
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(quantize_shift(kInfinity, bits, thresholds), static_cast<float>(max_level(ActivationKind::shift, bits)));
    EXPECT_EQ(quantize_shift(-kInfinity, bits, thresholds),
              -static_cast<float>(max_level(ActivationKind::shift, bits)));
    EXPECT_EQ(quantize_shift(0.0f, bits, thresholds), 0.0f);
    EXPECT_EQ(quantize_shift(std::numeric_limits<float>::quiet_NaN(), bits, thresholds), 0.0f);
  }
}

// A zero threshold makes zero the only place of level 0 in the ternary rule, and leaves it none in the staircase.
TEST(QuantLevels, ZeroThresholds) {
  const ShiftThresholds zeros = {};
  EXPECT_EQ(quantize_shift(0.0f, 2, zeros), 0.0f);
  EXPECT_EQ(quantize_shift(-1e-30f, 2, zeros), -1.0f);
  EXPECT_EQ(quantize_shift(0.0f, 3, zeros), 4.0f);
}

TEST(QuantLevels, LearnedStepsReachEveryLevelAndSaturate) {
  for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
    const auto n = static_cast<float>(max_code(bits));
    for (const float inverse_step : {1.0f, 4.0f, 0.125f}) {
      for (float level = 0; level <= n; ++level) {
        const float tie = (level + 0.5f) / inverse_step;
        const float even = std::fmod(level, 2.0f) == 0.0f ? level : level + 1;
        EXPECT_EQ(quantize_step(level / inverse_step, inverse_step, bits), level);
        EXPECT_EQ(quantize_step(tie, inverse_step, bits), std::min(even, n)) << bits << " bits, level " << level;
        EXPECT_EQ(quantize_step(std::nextafter(tie, 0.0f), inverse_step, bits), level);
        EXPECT_EQ(quantize_step(std::nextafter(tie, 1e9f), inverse_step, bits), std::min(level + 1, n));
      }
      for (const float below : {-0.0f, -1.0f, -1e30f, std::numeric_limits<float>::quiet_NaN()}) {
        EXPECT_EQ(quantize_step(below, inverse_step, bits), 0.0f);
      }
      EXPECT_EQ(quantize_step(1e30f, inverse_step, bits), n);
    }
  }
}

TEST(QuantLevels, KindsHaveTheirBits) {
  EXPECT_TRUE(has_bits(ActivationKind::signs, 1) && !has_bits(ActivationKind::signs, 2));
  EXPECT_TRUE(has_bits(ActivationKind::shift, 2) && has_bits(ActivationKind::shift, 4));
  EXPECT_FALSE(has_bits(ActivationKind::shift, 1) || has_bits(ActivationKind::shift, 5));
  EXPECT_FALSE(has_bits(ActivationKind::unsigned_levels, 0) || has_bits(ActivationKind::unsigned_levels, 9));
  EXPECT_TRUE(has_bits(WeightKind::odd_levels, 1) && has_bits(WeightKind::signed_levels, 8));
  EXPECT_FALSE(has_bits(WeightKind::signed_levels, 1) || has_bits(WeightKind::shift, 1));
}

}  // namespace
}  // namespace lowtide::quant
