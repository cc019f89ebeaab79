// SPDX-License-Identifier: Apache-2.0
// Packed tensors: `planes` bit planes per pixel, each of c_words = ceil(c / 32) words; twin of engine/quant/pack.
// Word index: pixel * planes * c_words + plane * c_words + word, where pixel = (n * H + y) * W + x, or (k * R + r) * S + s
// of a weight. Bit i of word j is channel 32 * j + i; plane b holds bit b of the code; bits beyond the last channel are 0.
// What a code means is its kind, as in engine/quant/quantizer.hpp. Levels are exact integers.
#ifndef LOWTIDE_PACK_GLSL
#define LOWTIDE_PACK_GLSL

const uint kWordBits = 32u;

uint channel_words(uint channels) { return (channels + kWordBits - 1u) / kWordBits; }

uint packed_word(uint pixel, uint planes, uint c_words, uint plane, uint word) {
  return (pixel * planes + plane) * c_words + word;
}

// Bits of the last word that belong to channels; all ones in the words before it.
uint channel_mask(uint channels, uint word) {
  const uint left = channels - word * kWordBits;  // callers keep word < channel_words(channels)
  return left >= kWordBits ? 0xffffffffu : (1u << left) - 1u;
}

// Kinds of activations and of weights; the numbers are those of the C++ enumerations.
const uint kUnsignedLevels = 0u, kSigns = 1u, kShiftLevels = 2u;
const uint kOddWeights = 0u, kShiftWeights = 1u, kSignedWeights = 2u;

// A shift code: exponent code e in the low planes - 1 bits, 0 for level 0, else magnitude 2^(e - 1); sign in the top bit.
uint shift_code(int level, uint planes) {
  const uint exponent = level == 0 ? 0u : uint(findMSB(uint(abs(level)))) + 1u;
  return level < 0 ? exponent | 1u << (planes - 1u) : exponent;
}
// level * weight of that shift code, as shift-add hardware does it: a shift, a change of sign, or nothing at all.
int shift_product(int level, uint code, uint planes) {
  const uint sign = code >> (planes - 1u);
  const uint exponent = code & ((1u << (planes - 1u)) - 1u);
  if (exponent == 0u) return 0;
  const int shifted = level << (exponent - 1u);
  return sign != 0u ? -shifted : shifted;
}

uint activation_code(int level, uint kind, uint planes) {
  if (kind == kShiftLevels) return shift_code(level, planes);
  return kind == kSigns ? uint(level + 1) >> 1 : uint(level);
}
int activation_level(uint code, uint kind, uint planes) {
  if (kind == kShiftLevels) return shift_product(1, code, planes);
  return kind == kSigns ? 2 * int(code) - 1 : int(code);
}
// Thresholds count ranks: the number of levels below. Only for shift codes is that another number than the code.
uint activation_code_of_rank(uint rank, uint kind, uint planes) {
  if (kind != kShiftLevels) return rank;
  const uint zero = (1u << (planes - 1u)) - 1u;
  return rank < zero ? (zero - rank) | 1u << (planes - 1u) : rank - zero;
}

// Dot product of the signs in two words, over the channels of `mask`: those that agree minus those that differ. With d
// bits that differ it is (bitCount(mask) - d) - d. Range -32 .. 32.
int sign_dot(uint a, uint b, uint mask) { return bitCount(mask) - 2 * bitCount((a ^ b) & mask); }

#endif
