// SPDX-License-Identifier: Apache-2.0
// Thresholds against the f32 function that they stand for, over every accumulator of a range around each transition and
// over a sample of the whole range: ties, negative, zero, huge and tiny factors, 1 to 8 bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/rng.hpp"
#include "engine/quant/fold.hpp"

namespace lowtide::quant {
namespace {

ChannelThresholds thresholds_of(const ChannelMap& map) {
  return find_thresholds([&](int32_t acc) { return map.rank(acc); },
                         level_count(map.quantizer.kind, map.quantizer.bits) - 1);
}

void expect_equal_codes(const ChannelMap& map) {
  const ActivationQuantizer& q = map.quantizer;
  const ChannelThresholds found = thresholds_of(map);
  ASSERT_EQ(found.thresholds.size() + 1, threshold_rows(q.kind, q.bits));
  EXPECT_TRUE(std::is_sorted(found.thresholds.begin(), found.thresholds.end()));
  std::vector<int32_t> accumulators = {-kMaxAccumulator, kMaxAccumulator};
  for (int32_t acc = -600; acc <= 600; ++acc) accumulators.push_back(acc);
  for (const int32_t t : found.thresholds) {
    for (int32_t near = -3; near <= 3; ++near) accumulators.push_back(found.direction * t + near);
  }
  Rng rng(7, 1);
  for (int i = 0; i < 500; ++i) {
    accumulators.push_back(static_cast<int32_t>(rng.below(2u * kMaxAccumulator)) - kMaxAccumulator);
  }
  for (const int32_t acc : accumulators) {
    if (std::abs(acc) > kMaxAccumulator) continue;
    ASSERT_EQ(activation_code_of_rank(found.rank(acc), q.kind, q.bits), map.code(acc))
        << "acc " << acc << " multiplier " << map.multiplier << " offset " << map.offset << " bits " << q.bits;
  }
}

TEST(QuantFold, EqualsDirectEvaluation) {
  for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
    for (const float multiplier :
         {1.0f, -1.0f, 0.0f, -0.0f, 0.013f, -0.37f, 1e-6f, -1e-6f, 1e-12f, 1e6f, -1e6f, 1e30f, 1e-40f, 0.5f / 255.0f}) {
      for (const float offset : {0.0f, 0.5f, -0.25f, 1.0f, 1e-7f, -1e5f, 3e4f, 1e30f}) {
        expect_equal_codes({.multiplier = multiplier, .offset = offset, .quantizer = {.bits = bits}});
      }
    }
  }
}

TEST(QuantFold, SignsEqualDirectEvaluation) {
  for (const float multiplier : {1.0f, -1.0f, 0.0f, 0.02f, -0.02f, 1e-30f, -1e30f}) {
    for (const float offset : {0.0f, -0.0f, 0.3f, -0.3f, 1e-30f, 5000.25f}) {
      expect_equal_codes({.multiplier = multiplier, .offset = offset, .quantizer = {.kind = ActivationKind::signs}});
    }
  }
}

TEST(QuantFold, RandomChannelsEqualDirectEvaluation) {
  Rng rng(42, 3);
  for (int i = 0; i < 400; ++i) {
    const auto normal = [&] { return static_cast<float>(rng.normal()); };
    const uint32_t bits = 1 + rng.below(4);
    expect_equal_codes({.output_scale = level_step(bits) * level_step(2),
                        .scale = std::abs(normal()),
                        .multiplier = 0.1f * normal(),
                        .offset = normal(),
                        .clip_lo = i % 2 == 0 ? 0.0f : -1.0f,
                        .clip_hi = 1.0f,
                        .quantizer = {.bits = bits}});
  }
}

// Accumulators of the real layer are small integers; here the transition lies on a tie of the rounding: with two bits
// y * 3 = acc / 2 is a half for every odd acc, and the even code wins.
TEST(QuantFold, TiesGoToEven) {
  const ChannelMap map = {.multiplier = 0.5f / 3.0f, .quantizer = {.bits = 2}};
  ASSERT_EQ(map.code(1), 0u);  // 0.5 -> 0
  ASSERT_EQ(map.code(3), 2u);  // 1.5 -> 2
  ASSERT_EQ(map.code(5), 2u);  // 2.5 -> 2
  const ChannelThresholds found = thresholds_of(map);
  EXPECT_EQ(found.direction, 1);
  EXPECT_EQ(found.thresholds, (std::vector<int32_t>{2, 3, 6}));
}

TEST(QuantFold, ZeroMultiplierIsConstant) {
  const ChannelMap map = {.multiplier = 0.0f, .offset = 0.4f, .quantizer = {.bits = 2}};
  const ChannelThresholds found = thresholds_of(map);
  EXPECT_EQ(found.thresholds, (std::vector<int32_t>{kAlwaysReached, kNeverReached, kNeverReached}));
  EXPECT_EQ(found.rank(-kMaxAccumulator), 1u);
  EXPECT_EQ(found.rank(kMaxAccumulator), 1u);
}

TEST(QuantFold, NegativeMultiplierDescends) {
  const ChannelMap map = {.multiplier = -0.01f, .offset = 0.5f, .quantizer = {.bits = 1}};
  const ChannelThresholds found = thresholds_of(map);
  EXPECT_EQ(found.direction, -1);
  EXPECT_EQ(found.rank(-10), 1u);
  EXPECT_EQ(found.rank(10), 0u);
}

constexpr ShiftThresholds kStaircase = {0.14f, 0.07f, 0.02f};  // of Chen et al. 2020, three bits, largest weight 1

ActivationQuantizer staircase(uint32_t bits) {
  ActivationQuantizer q = {.kind = ActivationKind::shift, .bits = bits, .thresholds = kStaircase};
  if (bits == 4) q.thresholds = {0.9f, 0.5f, 0.3f, 0.14f, 0.07f, 0.03f, 0.01f};
  return q;
}

TEST(QuantFold, ShiftCodesEqualDirectEvaluation) {
  for (uint32_t bits = kMinShiftBits; bits <= kMaxShiftBits; ++bits) {
    for (const float multiplier : {1.0f, -1.0f, 0.0f, 0.01f, -0.01f, 0.0031f, -0.00047f, 1e-30f, 1e30f}) {
      for (const float offset : {0.0f, -0.0f, 0.02f, -0.14f, 0.5f, -3.0f, 1e5f}) {
        expect_equal_codes({.multiplier = multiplier, .offset = offset, .quantizer = staircase(bits)});
        expect_equal_codes(
            {.multiplier = multiplier, .offset = offset, .clip_lo = -1, .clip_hi = 1, .quantizer = staircase(bits)});
      }
    }
  }
}

// y = acc / 64 meets the thresholds exactly: the staircase takes a magnitude on a threshold up, the ternary rule leaves
// it at zero; and the sides are mirror images, though ranks count upwards on both.
TEST(QuantFold, ShiftTiesAreOfTheRule) {
  ChannelMap map = {.multiplier = 1.0f / 64, .quantizer = {.kind = ActivationKind::shift, .bits = 3}};
  map.quantizer.thresholds = {32.0f / 64, 8.0f / 64, 2.0f / 64};
  EXPECT_EQ(thresholds_of(map).thresholds, (std::vector<int32_t>{-31, -7, -1, 2, 8, 32}));
  EXPECT_EQ(map.code(1), 0u);
  EXPECT_EQ(map.code(2), 1u);
  EXPECT_EQ(map.code(-8), 4u | 2u);
  map.quantizer.bits = 2;
  EXPECT_EQ(thresholds_of(map).thresholds, (std::vector<int32_t>{-32, 33}));
  EXPECT_EQ(map.code(32), 0u);
  EXPECT_EQ(map.code(-33), 2u | 1u);
}

TEST(QuantFold, LearnedStepsEqualDirectEvaluation) {
  for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
    for (const float inverse_step : {1.0f, 0.37f, 113.0f, 1e-20f, 1e20f}) {
      for (const float multiplier : {1.0f, -0.013f, 0.5f, 1e-6f}) {
        expect_equal_codes(
            {.multiplier = multiplier,
             .offset = 0.3f,
             .clip_lo = 0.0f,
             .quantizer = {.bits = bits, .rule = ActivationRule::learned_step, .inverse_step = inverse_step}});
      }
    }
  }
}

TEST(QuantFold, TableHasDirectionsThenThresholds) {
  const std::vector<ChannelMap> channels = {{.multiplier = 0.1f, .quantizer = {.bits = 2}},
                                            {.multiplier = -0.1f, .offset = 1.0f, .quantizer = {.bits = 2}},
                                            {.multiplier = 0.0f, .offset = 2.0f, .quantizer = {.bits = 2}}};
  const std::vector<int32_t> table = fold_channels(channels);
  ASSERT_EQ(table.size(), 4u * 3u);
  for (size_t channel = 0; channel < 3; ++channel) {
    for (int32_t acc = -50; acc <= 50; ++acc) {
      uint32_t code = 0;
      for (size_t i = 1; i < 4; ++i) code += table[channel] * acc >= table[i * 3 + channel] ? 1u : 0u;
      EXPECT_EQ(code, channels[channel].code(acc)) << "channel " << channel << " acc " << acc;
    }
  }
}

TEST(QuantFold, TableOfShiftCodesCountsRanks) {
  const std::vector<ChannelMap> channels = {{.multiplier = 0.01f, .quantizer = staircase(3)},
                                            {.multiplier = -0.01f, .offset = 0.03f, .quantizer = staircase(3)}};
  const std::vector<int32_t> table = fold_channels(channels);
  ASSERT_EQ(table.size(), 7u * 2u);  // a direction, and six thresholds between seven levels
  for (size_t channel = 0; channel < 2; ++channel) {
    for (int32_t acc = -50; acc <= 50; ++acc) {
      uint32_t rank = 0;
      for (size_t i = 1; i < 7; ++i) rank += table[channel] * acc >= table[i * 2 + channel] ? 1u : 0u;
      EXPECT_EQ(activation_code_of_rank(rank, ActivationKind::shift, 3), channels[channel].code(acc))
          << "channel " << channel << " acc " << acc;
    }
  }
}

}  // namespace
}  // namespace lowtide::quant
