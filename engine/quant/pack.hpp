// SPDX-License-Identifier: Apache-2.0
// Codes <-> words on the host; the bit order of the whole project (tensor/desc.hpp has the picture,
// shaders/lib/pack.glsl is the twin). Two layouts:
//   activations  TensorDesc of type b1..b8: per pixel `planes` runs of c_words words. Bit i of word j is channel
//                32 j + i; plane p holds bit p of the code; tail bits are zero.
//   weights      u32 [r * s, c_words, planes, k]: word(tap, j, plane, channel) holds plane `plane` of the codes of
//   input
//                channels 32 j .. 32 j + 31 (of the group) of output channel `channel` at tap = r_index * s + s_index.
//                Output channels lie innermost, because the invocations of a kernel run along them. Tail bits are zero.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/ints.hpp"
#include "engine/quant/quantizer.hpp"
#include "engine/tensor/shape.hpp"

namespace lowtide::quant {

inline constexpr uint32_t kWordBits = 32;

// codes [rows, channels] row-major, each below 2^planes -> words [rows, planes, ceil(channels / 32)]. planes 1 .. 8.
std::vector<uint32_t> pack_codes(std::span<const uint8_t> codes, uint32_t channels, uint32_t planes);
// The inverse; tail bits are ignored. words.size() must be a whole number of rows.
std::vector<uint8_t> unpack_codes(std::span<const uint32_t> words, uint32_t channels, uint32_t planes);

// Extents of packed weights, and the shape of the value that holds them.
struct PackedWeightExtents {
  uint32_t k = 0;     // output channels
  uint32_t taps = 0;  // r * s; for a linear layer on [n, h, w, c], h * w
  uint32_t c = 0;     // input channels of one group
  uint32_t bits = 1;  // planes, 1 .. 8
  WeightKind kind = WeightKind::odd_levels;

  constexpr uint32_t c_words() const { return ceil_div(c, kWordBits); }
  constexpr Shape shape() const { return {taps, c_words(), bits, k}; }
  constexpr uint64_t words() const { return uint64_t{taps} * c_words() * bits * k; }
};

// levels [k, taps, c] row-major (KRSC), all of the kind's -> words of the weight layout.
std::vector<uint32_t> pack_weights(std::span<const float> levels, const PackedWeightExtents& extents);
// The inverse: levels [k, taps, c].
std::vector<float> unpack_weights(std::span<const uint32_t> words, const PackedWeightExtents& extents);

}  // namespace lowtide::quant
