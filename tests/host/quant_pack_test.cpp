// SPDX-License-Identifier: Apache-2.0
// Packing on the host: bit order by hand, inverse on awkward extents, zero tails.
#include <gtest/gtest.h>

#include <vector>

#include "engine/base/rng.hpp"
#include "engine/quant/pack.hpp"
#include "engine/quant/quantizer.hpp"

namespace lowtide::quant {
namespace {

TEST(QuantPack, BitOrderByHand) {
  // Two rows of 34 channels, two planes: words are [row][plane][word].
  std::vector<uint8_t> codes(68, 0);
  codes[0] = 3;       // row 0, channel 0: both planes, bit 0 of word 0
  codes[31] = 1;      // row 0, channel 31: plane 0
  codes[33] = 2;      // row 0, channel 33: plane 1, bit 1 of word 1
  codes[34 + 5] = 1;  // row 1, channel 5: plane 0
  EXPECT_EQ(pack_codes(codes, 34, 2), (std::vector<uint32_t>{0x80000001u, 0, 1, 2, /* row 1 */ 32, 0, 0, 0}));
}

TEST(QuantPack, WeightOrderByHand) {
  // Two output channels, one tap, 33 input channels, one plane: full words are [word][plane][k], then tails of one bit.
  const PackedWeightExtents extents = {.k = 2, .taps = 1, .c = 33, .bits = 1};
  std::vector<float> levels(66, -1.0f);
  levels[1] = 1;        // channel 0, input 1
  levels[33 + 32] = 1;  // channel 1, input 32
  EXPECT_EQ(pack_weights(levels, extents), (std::vector<uint32_t>{2, 0, 2}));
}

// 3 output channels, 9 taps of 5 channels, two planes: runs of 45 bits, a word each, then 6 tails of 13 bits in 3
// words.
TEST(QuantPack, RunsOfTapsByHand) {
  const PackedWeightExtents extents = {.k = 3, .taps = 9, .c = 5, .bits = 2};
  EXPECT_EQ(extents.shape(), (Shape{9}));
  std::vector<float> levels(size_t{3} * 45, weight_level(0, 2));
  levels[45 + 6 * 5 + 1] = weight_level(1, 2);      // channel 1, tap 6, input 1: bit 31 of the run
  levels[2 * 45 + 6 * 5 + 2] = weight_level(3, 2);  // channel 2, tap 6, input 2: the first bit of its tails
  EXPECT_EQ(pack_weights(levels, extents),
            (std::vector<uint32_t>{0, 1u << 31, 0, 0, 0, 0, 1u << 26, 0, 1u << (65 - 64)}));
}

TEST(QuantPack, UnpackIsTheInverse) {
  Rng rng(5, 5);
  for (const uint32_t channels : {1u, 7u, 31u, 32u, 33u, 64u, 97u}) {
    for (uint32_t planes = 1; planes <= kMaxBits; ++planes) {
      std::vector<uint8_t> codes(size_t{3} * channels);
      for (uint8_t& code : codes) code = static_cast<uint8_t>(rng.below(max_code(planes) + 1));
      const std::vector<uint32_t> words = pack_codes(codes, channels, planes);
      EXPECT_EQ(words.size(), size_t{3} * planes * ceil_div(channels, 32u));
      EXPECT_EQ(unpack_codes(words, channels, planes), codes);
      const uint32_t used = channels % 32;
      const uint32_t tail = used == 0 ? 0u : ~((1u << used) - 1);
      for (size_t i = ceil_div(channels, 32u) - 1; i < words.size(); i += ceil_div(channels, 32u)) {
        EXPECT_EQ(words[i] & tail, 0u) << "tail bits of word " << i;
      }
    }
  }
}

TEST(QuantPack, WeightsUnpackToTheirLevels) {
  Rng rng(6, 5);
  for (const uint32_t c : {1u, 32u, 45u}) {
    for (uint32_t bits = 1; bits <= kMaxBits; ++bits) {
      const PackedWeightExtents extents = {.k = 5, .taps = 6, .c = c, .bits = bits};
      std::vector<float> levels(size_t{5} * 6 * c);
      for (float& level : levels) level = weight_level(rng.below(max_code(bits) + 1), bits);
      const std::vector<uint32_t> words = pack_weights(levels, extents);
      EXPECT_EQ(words.size(), extents.shape().element_count());
      EXPECT_LT(32 * words.size(), 5u * 6 * c * bits + 32) << "less than a word beside the bits";
      EXPECT_EQ(unpack_weights(words, extents), levels);
    }
  }
}

TEST(QuantPack, EveryKindUnpacksToItsLevels) {
  Rng rng(8, 5);
  for (const WeightKind kind : {WeightKind::shift, WeightKind::signed_levels}) {
    for (uint32_t bits = 2; bits <= kMaxBits && has_bits(kind, bits); ++bits) {
      const PackedWeightExtents extents = {.k = 7, .taps = 3, .c = 37, .bits = bits, .kind = kind};
      std::vector<float> levels(size_t{7} * 3 * 37);
      for (float& level : levels) level = weight_level(rng.below(max_code(bits) + 1), bits, kind);
      EXPECT_EQ(unpack_weights(pack_weights(levels, extents), extents), levels) << bits << " bits";
    }
  }
}

// Level -2 of three shift bits: exponent code 2 in planes 0 and 1, sign in plane 2; its two's complement is 110.
TEST(QuantPack, ShiftAndSignedOrderByHand) {
  PackedWeightExtents extents = {.k = 1, .taps = 1, .c = 2, .bits = 3, .kind = WeightKind::shift};
  EXPECT_EQ(pack_weights(std::vector<float>{-2, 4}, extents), (std::vector<uint32_t>{2 | 3 << 2 | 1 << 4}));
  extents.kind = WeightKind::signed_levels;
  EXPECT_EQ(pack_weights(std::vector<float>{-2, 3}, extents), (std::vector<uint32_t>{2 | 3 << 2 | 1 << 4}));
}

}  // namespace
}  // namespace lowtide::quant
