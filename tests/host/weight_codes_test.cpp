// SPDX-License-Identifier: Apache-2.0
// Weights at rest: codes by hand, every code of every kind, what is no code.
#include "engine/quant/weight_codes.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "engine/base/rng.hpp"
#include "engine/quant/shift_weights.hpp"

namespace lowtide::quant {
namespace {

std::vector<WeightCodes> all_codes() {
  std::vector<WeightCodes> out;
  for (const CodeKind kind : {CodeKind::odd_levels, CodeKind::shift, CodeKind::signed_levels, CodeKind::powers}) {
    for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
      if (is_valid({kind, bits})) out.push_back({kind, bits});
    }
  }
  return out;
}

// Levels of DeepShift-Q with 4 bits: 2^0 .. 2^7 with a sign. 1, -128, 8 have the codes 0000, 1111, 0011.
TEST(WeightCodes, PowersByHand) {
  const WeightCodes codes = {CodeKind::powers, 4};
  const std::vector<float> levels = {1, -128, 8};
  const std::vector<uint32_t> words = encode_weights(levels, codes);
  EXPECT_EQ(words, (std::vector<uint32_t>{0b110, 0b110, 0b010, 0b010}));
  EXPECT_EQ(decode_weights(words, 3, codes), levels);
}

// Shift codes of 5 bits reach 2^14, which is level 1111: DeepShift-PS.
TEST(WeightCodes, ShiftByHand) {
  const WeightCodes codes = {CodeKind::shift, 5};
  const std::vector<float> levels = {0, -16384, 1};
  const std::vector<uint32_t> words = encode_weights(levels, codes);
  EXPECT_EQ(words, (std::vector<uint32_t>{0b110, 0b010, 0b010, 0b010, 0b010}));
  EXPECT_EQ(decode_weights(words, 3, codes), levels);
}

TEST(WeightCodes, EveryCodeIsALevelOfItsOwn) {
  EXPECT_EQ(all_codes().size(), 8u + 4u + 7u + 4u);
  for (const WeightCodes& codes : all_codes()) {
    std::set<float> levels;
    for (uint32_t code = 0; code <= max_code(codes.bits); ++code) levels.insert(level_of_code(code, codes));
    EXPECT_EQ(levels.size(), (1u << codes.bits) - (codes.kind == CodeKind::shift ? 1u : 0u));
  }
}

TEST(WeightCodes, DecodingIsTheInverse) {
  Rng rng(7, 5);
  for (const WeightCodes& codes : all_codes()) {
    for (const uint32_t count : {1u, 31u, 32u, 33u, 96u, 101u}) {
      std::vector<float> levels(count);
      for (float& level : levels) level = level_of_code(rng.below(max_code(codes.bits) + 1), codes);
      const std::vector<uint32_t> words = encode_weights(levels, codes);
      EXPECT_EQ(words.size(), coded_shape(count, codes).element_count());
      EXPECT_EQ(decode_weights(words, count, codes), levels);
      EXPECT_TRUE(are_canonical(words, count, codes));
    }
  }
}

// The quantisers of DeepShift give levels that the kinds have.
TEST(WeightCodes, HoldShiftWeights) {
  Rng rng(9, 5);
  for (uint32_t bits = kMinDeepshiftBits; bits <= kMaxDeepshiftBits; ++bits) {
    std::vector<float> q, ps;
    for (int i = 0; i < 500; ++i) {
      q.push_back(deepshift_q_level(rng.normal(), deepshift_q_range(bits)));
      ps.push_back(deepshift_ps_level(rng.uniform(-16, 1), rng.uniform(-1, 1), deepshift_ps_range(bits)));
    }
    const WeightCodes powers = {CodeKind::powers, bits}, shift = {CodeKind::shift, bits};
    EXPECT_EQ(decode_weights(encode_weights(q, powers), q.size(), powers), q);
    EXPECT_EQ(decode_weights(encode_weights(ps, shift), ps.size(), shift), ps);
  }
}

TEST(WeightCodes, KnowWhatIsNoCode) {
  const WeightCodes shift = {CodeKind::shift, 2};
  EXPECT_TRUE(are_canonical(std::vector<uint32_t>{0b1, 0b1}, 3, shift));
  EXPECT_FALSE(are_canonical(std::vector<uint32_t>{0b1, 0b10}, 3, shift));       // a zero with a sign
  EXPECT_FALSE(are_canonical(std::vector<uint32_t>{0b1001, 0b0000}, 3, shift));  // a fourth element
  EXPECT_TRUE(are_canonical(std::vector<uint32_t>{~0u, ~0u}, 32, shift));
  const WeightCodes powers = {CodeKind::powers, 2};
  EXPECT_TRUE(are_canonical(std::vector<uint32_t>{0b1, 0b10}, 3, powers));
  EXPECT_FALSE(is_valid({CodeKind::powers, 1}) || is_valid({CodeKind::powers, 6}) || is_valid({CodeKind::shift, 6}));
  EXPECT_FALSE(is_valid({CodeKind::odd_levels, 0}) || is_valid({CodeKind::odd_levels, 9}));
  EXPECT_FALSE(is_valid({CodeKind::signed_levels, 1}) || is_valid({static_cast<CodeKind>(4), 2}));
  EXPECT_DEATH((void)encode_weights(std::vector<float>{3}, powers), "not one of its kind");
  EXPECT_DEATH((void)encode_weights(std::vector<float>{1e30f}, powers), "out of range");
}

}  // namespace
}  // namespace lowtide::quant
