// SPDX-License-Identifier: Apache-2.0
// Codes <-> words on the host; the bit order of the whole project (tensor/desc.hpp has the picture,
// shaders/lib/pack.glsl is the twin). Two layouts:
//   activations  TensorDesc of type b1..b8: per pixel `planes` runs of c_words words. Bit i of word j is channel
//                32 j + i; plane p holds bit p of the code; tail bits are zero.
//   weights      dense. What one filter holds of a plane is a run of r * s * c bits: bit tap * c + i is input channel i
//                (of the group) at tap = r_index * s + s_index. Its full words come first, u32 [words, planes, k]:
//                output channels lie innermost, because the invocations of a kernel run along them. Then the tails, the
//                t = r * s * c % 32 bits of each run that fill no word, one behind the other: bit b of that of a plane
//                and an output channel is bit (plane * k + channel) * t + b of a stream of ceil(planes * k * t / 32)
//                words, whose last bits are zero. Where c is a multiple of 32 there are no tails, and each word belongs
//                to one tap.
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
  uint32_t c = 0;     // input channels of one group; taps * c is below 2^32
  uint32_t bits = 1;  // planes, 1 .. 8
  WeightKind kind = WeightKind::odd_levels;

  constexpr uint32_t run_bits() const { return taps * c; }  // of a filter and plane
  constexpr uint32_t full_words() const { return run_bits() / kWordBits; }
  constexpr uint32_t tail_bits() const { return run_bits() % kWordBits; }
  constexpr uint64_t tail_start() const { return uint64_t{full_words()} * bits * k; }  // words before the tails
  constexpr uint64_t stream_bits() const { return uint64_t{tail_bits()} * bits * k; }
  constexpr uint64_t words() const { return tail_start() + ceil_div(stream_bits(), uint64_t{kWordBits}); }
  constexpr Shape shape() const { return {static_cast<uint32_t>(words())}; }

  // Where bit `bit` of a run is: the word, and the bit in it.
  struct Place {
    uint64_t word;
    uint32_t bit;
  };
  constexpr Place place(uint32_t bit, uint32_t plane, uint32_t channel) const {
    const uint32_t word = bit / kWordBits;
    if (word < full_words()) return {(uint64_t{word} * bits + plane) * k + channel, bit % kWordBits};
    const uint64_t at = (uint64_t{plane} * k + channel) * tail_bits() + bit % kWordBits;
    return {tail_start() + at / kWordBits, static_cast<uint32_t>(at % kWordBits)};
  }
};

// levels [k, taps, c] row-major (KRSC), all of the kind's -> words of the weight layout.
std::vector<uint32_t> pack_weights(std::span<const float> levels, const PackedWeightExtents& extents);
// The inverse: levels [k, taps, c].
std::vector<float> unpack_weights(std::span<const uint32_t> words, const PackedWeightExtents& extents);

}  // namespace lowtide::quant
