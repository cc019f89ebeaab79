// SPDX-License-Identifier: Apache-2.0
// Codes at rest: a table of levels, and planes of bits.
#include "engine/quant/weight_codes.hpp"

#include <algorithm>

#include "engine/base/check.hpp"
#include "engine/base/ints.hpp"
#include "engine/quant/pack.hpp"

namespace lowtide::quant {
namespace {

constexpr uint32_t kMostCodes = 1u << kMaxBits;
constexpr float kHighestLevel = static_cast<float>(1u << ((1u << (kMaxPowerBits - 1)) - 1));

uint32_t code_of_level(float level, const WeightCodes& codes) {
  if (codes.kind != CodeKind::powers) return weight_code(level, codes.bits, static_cast<WeightKind>(codes.kind));
  const uint32_t sign = level < 0.0f ? 1u << (codes.bits - 1) : 0u;
  const float magnitude = level < 0.0f ? -level : level;
  uint32_t exponent = 0;
  for (float rest = magnitude; rest >= 2.0f; rest *= 0.5f) ++exponent;
  return sign | exponent;
}

size_t words_of_plane(uint64_t count) {
  return static_cast<size_t>(ceil_div(count, uint64_t{kWordBits}));
}

}  // namespace

float level_of_code(uint32_t code, const WeightCodes& codes) {
  if (codes.kind != CodeKind::powers) return weight_level(code, codes.bits, static_cast<WeightKind>(codes.kind));
  const uint32_t sign_bit = 1u << (codes.bits - 1);
  const auto magnitude = static_cast<float>(1u << (code & (sign_bit - 1)));
  return (code & sign_bit) != 0 ? -magnitude : magnitude;
}

Shape coded_shape(uint64_t count, const WeightCodes& codes) {
  return {codes.bits, narrow<uint32_t>(words_of_plane(count))};
}

std::vector<uint32_t> encode_weights(std::span<const float> levels, const WeightCodes& codes) {
  LOWTIDE_CHECK(is_valid(codes), "weights of that kind do not have so many bits");
  std::vector<uint8_t> elements;
  elements.reserve(levels.size());
  for (const float level : levels) {
    LOWTIDE_CHECK(level >= -kHighestLevel && level <= kHighestLevel, "a weight level is out of range");
    const uint32_t code = code_of_level(level, codes);
    LOWTIDE_CHECK(code <= max_code(codes.bits) && level_of_code(code, codes) == level,
                  "a weight level is not one of its kind");
    elements.push_back(static_cast<uint8_t>(code));
  }
  return pack_codes(elements, narrow<uint32_t>(levels.size()), codes.bits);
}

std::vector<float> decode_weights(std::span<const uint32_t> words, uint64_t count, const WeightCodes& codes) {
  const size_t plane_words = words_of_plane(count);
  LOWTIDE_CHECK(is_valid(codes) && words.size() == codes.bits * plane_words, "words must be [bits, ceil(count / 32)]");
  float levels[kMostCodes];
  for (uint32_t code = 0; code <= max_code(codes.bits); ++code) levels[code] = level_of_code(code, codes);
  std::vector<float> out(static_cast<size_t>(count));
  for (size_t word = 0; word < plane_words; ++word) {
    const size_t first = word * kWordBits, last = std::min(out.size(), first + kWordBits);
    for (size_t i = first; i < last; ++i) {
      uint32_t code = 0;
      for (uint32_t plane = 0; plane < codes.bits; ++plane) {
        code |= ((words[plane * plane_words + word] >> (i - first)) & 1u) << plane;
      }
      out[i] = levels[code];
    }
  }
  return out;
}

bool are_canonical(std::span<const uint32_t> words, uint64_t count, const WeightCodes& codes) {
  const size_t plane_words = words_of_plane(count);
  const uint32_t used = static_cast<uint32_t>(count % kWordBits);
  const uint32_t tail = used == 0 ? 0 : ~((1u << used) - 1);
  for (uint32_t plane = 0; plane < codes.bits; ++plane) {
    if ((words[(plane + 1) * plane_words - 1] & tail) != 0) return false;
  }
  if (codes.kind != CodeKind::shift) return true;
  for (size_t word = 0; word < plane_words; ++word) {
    uint32_t is_non_zero = 0;
    for (uint32_t plane = 0; plane + 1 < codes.bits; ++plane) is_non_zero |= words[plane * plane_words + word];
    if ((words[(codes.bits - 1) * plane_words + word] & ~is_non_zero) != 0) return false;
  }
  return true;
}

}  // namespace lowtide::quant
