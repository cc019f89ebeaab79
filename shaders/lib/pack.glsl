// SPDX-License-Identifier: Apache-2.0
// Packed tensors: `planes` bit planes per pixel, each of c_words = ceil(c / 32) words; twin of engine/quant/pack.
// Word index: pixel * planes * c_words + plane * c_words + word, where pixel = (n * H + y) * W + x, or (k * R + r) * S + s
// of a weight. Bit i of word j is channel 32 * j + i; plane b holds bit b of the code; bits beyond the last channel are 0.
// The code of an activation is its level. The code of a weight level l is (l + 2^planes - 1) / 2, so that the signs -1
// and +1 have the codes 0 and 1.
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

// Levels are integers held in f32, codes are 0 .. 2^planes - 1. Signs, of activations too, are weights of one plane.
uint activation_code(float level) { return uint(level); }
float activation_level(uint code) { return float(code); }
uint weight_code(float level, uint planes) { return uint(int(level) + int((1u << planes) - 1u)) >> 1; }
float weight_level(uint code, uint planes) { return float(int(2u * code) - int((1u << planes) - 1u)); }

// Dot product of the signs in two words, over the channels of `mask`: those that agree minus those that differ. With d
// bits that differ it is (bitCount(mask) - d) - d. Range -32 .. 32.
int sign_dot(uint a, uint b, uint mask) { return bitCount(mask) - 2 * bitCount((a ^ b) & mask); }

#endif
