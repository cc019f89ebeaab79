// SPDX-License-Identifier: Apache-2.0
// Bit order on the host. Plain loops: packing happens at export and in tests, never in a step.
#include "engine/quant/pack.hpp"

#include "engine/base/check.hpp"

namespace lowtide::quant {
namespace {

// The code that bit `bit` of a filter's runs belongs to.
uint32_t code_at(std::span<const uint32_t> words, const PackedWeightExtents& e, uint32_t channel, uint32_t bit) {
  uint32_t code = 0;
  for (uint32_t plane = 0; plane < e.bits; ++plane) {
    const PackedWeightExtents::Place at = e.place(bit, plane, channel);
    code |= ((words[at.word] >> at.bit) & 1u) << plane;
  }
  return code;
}

}  // namespace

std::vector<uint32_t> pack_codes(std::span<const uint8_t> codes, uint32_t channels, uint32_t planes) {
  LOWTIDE_CHECK(channels > 0 && codes.size() % channels == 0, "codes must fill whole rows");
  LOWTIDE_CHECK(planes >= 1 && planes <= kMaxBits, "1 to 8 planes");
  const size_t rows = codes.size() / channels;
  const uint32_t c_words = ceil_div(channels, kWordBits);
  std::vector<uint32_t> words(rows * planes * c_words);
  for (size_t row = 0; row < rows; ++row) {
    for (uint32_t c = 0; c < channels; ++c) {
      const uint32_t code = codes[row * channels + c];
      LOWTIDE_CHECK(code <= max_code(planes), "a code does not fit its planes");
      for (uint32_t plane = 0; plane < planes; ++plane) {
        words[(row * planes + plane) * c_words + c / kWordBits] |= ((code >> plane) & 1u) << (c % kWordBits);
      }
    }
  }
  return words;
}

std::vector<uint8_t> unpack_codes(std::span<const uint32_t> words, uint32_t channels, uint32_t planes) {
  const uint32_t c_words = ceil_div(channels, kWordBits);
  LOWTIDE_CHECK(channels > 0 && planes >= 1 && planes <= kMaxBits, "channels, and 1 to 8 planes");
  LOWTIDE_CHECK(words.size() % (size_t{planes} * c_words) == 0, "words must fill whole rows");
  const size_t rows = words.size() / (size_t{planes} * c_words);
  std::vector<uint8_t> codes(rows * channels);
  for (size_t row = 0; row < rows; ++row) {
    for (uint32_t c = 0; c < channels; ++c) {
      uint32_t code = 0;
      for (uint32_t plane = 0; plane < planes; ++plane) {
        code |= ((words[(row * planes + plane) * c_words + c / kWordBits] >> (c % kWordBits)) & 1u) << plane;
      }
      codes[row * channels + c] = static_cast<uint8_t>(code);
    }
  }
  return codes;
}

std::vector<uint32_t> pack_weights(std::span<const float> levels, const PackedWeightExtents& e) {
  LOWTIDE_CHECK(has_bits(e.kind, e.bits), "weights of that kind do not have so many planes");
  LOWTIDE_CHECK(levels.size() == size_t{e.k} * e.taps * e.c, "levels must be [k, taps, c]");
  const auto highest = static_cast<float>(max_level(e.kind, e.bits));
  std::vector<uint32_t> words(e.words());
  size_t i = 0;
  for (uint32_t channel = 0; channel < e.k; ++channel) {
    for (uint32_t bit = 0; bit < e.run_bits(); ++bit) {
      const float level = levels[i++];
      LOWTIDE_CHECK(level >= -highest && level <= highest, "a weight level is out of range");
      const uint32_t code = weight_code(level, e.bits, e.kind);
      LOWTIDE_CHECK(weight_level(code, e.bits, e.kind) == level, "a weight level is not one of its kind");
      for (uint32_t plane = 0; plane < e.bits; ++plane) {
        const PackedWeightExtents::Place at = e.place(bit, plane, channel);
        words[at.word] |= ((code >> plane) & 1u) << at.bit;
      }
    }
  }
  return words;
}

std::vector<float> unpack_weights(std::span<const uint32_t> words, const PackedWeightExtents& e) {
  LOWTIDE_CHECK(has_bits(e.kind, e.bits), "weights of that kind do not have so many planes");
  LOWTIDE_CHECK(words.size() == e.words(), "words must be those of the extents");
  std::vector<float> levels;
  levels.reserve(size_t{e.k} * e.run_bits());
  for (uint32_t channel = 0; channel < e.k; ++channel) {
    for (uint32_t bit = 0; bit < e.run_bits(); ++bit) {
      levels.push_back(weight_level(code_at(words, e, channel, bit), e.bits, e.kind));
    }
  }
  return levels;
}

}  // namespace lowtide::quant
