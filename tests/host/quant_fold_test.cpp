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

void expect_equal_codes(const ChannelMap& map) {
  const ChannelThresholds found = find_thresholds([&](int32_t acc) { return map.code(acc); }, map.bits);
  ASSERT_EQ(found.thresholds.size(), max_code(map.bits));
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
    ASSERT_EQ(found.code(acc), map.code(acc))
        << "acc " << acc << " multiplier " << map.multiplier << " offset " << map.offset << " bits " << map.bits;
  }
}

TEST(QuantFold, EqualsDirectEvaluation) {
  for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
    for (const float multiplier :
         {1.0f, -1.0f, 0.0f, -0.0f, 0.013f, -0.37f, 1e-6f, -1e-6f, 1e-12f, 1e6f, -1e6f, 1e30f, 1e-40f, 0.5f / 255.0f}) {
      for (const float offset : {0.0f, 0.5f, -0.25f, 1.0f, 1e-7f, -1e5f, 3e4f, 1e30f}) {
        expect_equal_codes({.multiplier = multiplier, .offset = offset, .bits = bits});
      }
    }
  }
}

TEST(QuantFold, SignsEqualDirectEvaluation) {
  for (const float multiplier : {1.0f, -1.0f, 0.0f, 0.02f, -0.02f, 1e-30f, -1e30f}) {
    for (const float offset : {0.0f, -0.0f, 0.3f, -0.3f, 1e-30f, 5000.25f}) {
      expect_equal_codes({.multiplier = multiplier, .offset = offset, .kind = ActivationKind::signs});
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
                        .bits = bits});
  }
}

// Accumulators of the real layer are small integers; here the transition lies on a tie of the rounding: with two bits
// y * 3 = acc / 2 is a half for every odd acc, and the even code wins.
TEST(QuantFold, TiesGoToEven) {
  const ChannelMap map = {.multiplier = 0.5f / 3.0f, .bits = 2};
  ASSERT_EQ(map.code(1), 0u);  // 0.5 -> 0
  ASSERT_EQ(map.code(3), 2u);  // 1.5 -> 2
  ASSERT_EQ(map.code(5), 2u);  // 2.5 -> 2
  const ChannelThresholds found = find_thresholds([&](int32_t acc) { return map.code(acc); }, 2);
  EXPECT_EQ(found.direction, 1);
  EXPECT_EQ(found.thresholds, (std::vector<int32_t>{2, 3, 6}));
}

TEST(QuantFold, ZeroMultiplierIsConstant) {
  const ChannelMap map = {.multiplier = 0.0f, .offset = 0.4f, .bits = 2};
  const ChannelThresholds found = find_thresholds([&](int32_t acc) { return map.code(acc); }, 2);
  EXPECT_EQ(found.thresholds, (std::vector<int32_t>{kAlwaysReached, kNeverReached, kNeverReached}));
  EXPECT_EQ(found.code(-kMaxAccumulator), 1u);
  EXPECT_EQ(found.code(kMaxAccumulator), 1u);
}

TEST(QuantFold, NegativeMultiplierDescends) {
  const ChannelMap map = {.multiplier = -0.01f, .offset = 0.5f, .bits = 1};
  const ChannelThresholds found = find_thresholds([&](int32_t acc) { return map.code(acc); }, 1);
  EXPECT_EQ(found.direction, -1);
  EXPECT_EQ(found.code(-10), 1u);
  EXPECT_EQ(found.code(10), 0u);
}

TEST(QuantFold, TableHasDirectionsThenThresholds) {
  const std::vector<ChannelMap> channels = {{.multiplier = 0.1f, .bits = 2},
                                            {.multiplier = -0.1f, .offset = 1.0f, .bits = 2},
                                            {.multiplier = 0.0f, .offset = 2.0f, .bits = 2}};
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

}  // namespace
}  // namespace lowtide::quant
