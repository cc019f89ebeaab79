// SPDX-License-Identifier: Apache-2.0
// Weights at rest: the codes of a model file for levels that nothing multiplies as codes, because the layer's input is
// real. They are decoded into f32 levels when a model is opened, so they lie densely, whatever the layer's extents are,
// and may have more bits than packed layers take.
//   u32 [bits, ceil(count / 32)]: bit i of word (p, j) is bit p of the code of element 32 j + i, the elements in the
//   order of their f32 value; bits behind the last element are zero.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/quant/quantizer.hpp"
#include "engine/tensor/shape.hpp"

namespace lowtide::quant {

// The first three are the WeightKinds of those names.
enum class CodeKind : uint32_t {
  odd_levels,     // 1 .. 8 bits
  shift,          // 2 .. 5 bits
  signed_levels,  // 2 .. 8 bits
  powers,         // +-2^e, e = 0 .. 2^(bits - 1) - 1 in the low bits - 1 bits, the sign on top; 2 .. 5 bits
};
inline constexpr uint32_t kMaxPowerBits = 5;  // of shift and powers: 2^15 is the largest magnitude

struct WeightCodes {
  CodeKind kind = CodeKind::odd_levels;
  uint32_t bits = 1;

  friend bool operator==(const WeightCodes&, const WeightCodes&) = default;
};

// Whether the kind is known and may have so many bits.
constexpr bool is_valid(const WeightCodes& codes) {
  const bool has_exponents = codes.kind == CodeKind::shift || codes.kind == CodeKind::powers;
  const uint32_t least = codes.kind == CodeKind::odd_levels ? 1 : 2;
  return codes.kind <= CodeKind::powers && codes.bits >= least &&
         codes.bits <= (has_exponents ? kMaxPowerBits : kMaxBits);
}

// Level of a code below 2^bits.
float level_of_code(uint32_t code, const WeightCodes& codes);

// Of the value that holds the codes of `count` elements.
Shape coded_shape(uint64_t count, const WeightCodes& codes);

// Levels, all of the kind's -> words.
std::vector<uint32_t> encode_weights(std::span<const float> levels, const WeightCodes& codes);
// The inverse; words.size() must be that of coded_shape. No level is -0.
std::vector<float> decode_weights(std::span<const uint32_t> words, uint64_t count, const WeightCodes& codes);

// Whether the words are those that encode_weights gives for some levels: no zero has a sign, bits behind the last
// element are zero.
bool are_canonical(std::span<const uint32_t> words, uint64_t count, const WeightCodes& codes);

}  // namespace lowtide::quant
