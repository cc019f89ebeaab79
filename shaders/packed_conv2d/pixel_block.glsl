// SPDX-License-Identifier: Apache-2.0
// What the tuned kernels of packed_conv2d share: `block` output channels of a pixel in the registers of an invocation,
// and the store. A kernel includes this, then level_sums.glsl or signed_sums.glsl, which define accumulate() and
// finished(), then a walk over the words of x, which defines weights() and main(): pixel_loop.glsl or window_loop.glsl.
//
// Invocations along pixels rather than along output channels: no word is shared between invocations, so nothing has to be
// gathered across a subgroup (on llvmpipe that cost more than the convolution), weights are uniform loads, and borders
// are a mask in a register. 1.26 T multiply-adds/s for 64 -> 64 channels, 3x3, 56x56, 1x1 bit, against 0.40 the other way.
WORKGROUP_WIDTH(64)
layout(constant_id = 1) const uint block = 32;        // output channels of an invocation: 4, 8, 16 or 32
layout(constant_id = 2) const uint kernel_h = 3;
layout(constant_id = 3) const uint kernel_w = 3;
layout(constant_id = 4) const uint channels = 64;     // of a group of x
layout(constant_id = 5) const uint x_planes = 1;
layout(constant_id = 6) const uint w_planes = 1;
layout(constant_id = 7) const uint linear_thresholds = 1;  // counted one by one: 1, 3, or 2 of ternary codes; 0: bisected
layout(constant_id = 8) const uint oh = 56;           // shapes that are divided by, or that decide loads
layout(constant_id = 9) const uint ow = 56;
layout(constant_id = 10) const uint k_count = 64;     // output channels
// 11: what the sums ask for; from 12 on: what the walk does
const uint c_words = (channels + kWordBits - 1u) / kWordBits;

PUSH_CONSTANTS(PackedConv2dParams, p)
BUFFER_READ(0, uint, x)
BUFFER_READ(1, uint, w)
BUFFER_READ_VIEW(1, uvec4, w4)
#include "output.glsl"

int acc[block];
int ones = 0;    // what a kernel sums over x alone
uint inside = 0u;  // input channels of taps inside x
#ifdef LOWTIDE_OUTPUT_TAPS
float sums[block];  // acc, ones and inside are of one tap
#endif

uint codes[x_planes];  // a word of x: its planes

// Adds the products of `codes` with the same word of every weight of the block. mask: the bits of the word that are
// channels inside x; weight_row: what weights() takes for the first plane of w. May change `codes`.
void accumulate(uint mask, uint weight_row, uint first_k);
// The accumulator of a sum.
int finished(int sum);
// Four words of w, of the output channels first_k + 4 quad ...; beyond the last channel some are repeated.
uvec4 weights(uint row, uint first_k, uint quad);

// The same of row word * w_planes + plane of the full words; where k is a multiple of 4 they are one load.
uvec4 full_weights(uint row, uint first_k, uint quad) {
  const uint k = first_k + 4u * quad;
  if (k_count % 4u == 0u) return w4[(row * k_count + min(k, k_count - 4u)) / 4u];
  const uint last = k_count - 1u;
  const uint at = row * k_count;
  return uvec4(w[at + min(k, last)], w[at + min(k + 1u, last)], w[at + min(k + 2u, last)], w[at + min(k + 3u, last)]);
}

#ifdef LOWTIDE_OUTPUT_F32
#ifdef LOWTIDE_OUTPUT_TAPS
void end_tap(uint tap) {
  [[unroll]] for (uint j = 0u; j < block; ++j) {
    sums[j] = add_tap(sums[j], finished(acc[j]), tap);
    acc[j] = 0;
  }
  ones = 0;
  inside = 0u;
}
float result(uint j, uint k) { return real_output(sums[j], k); }
#else
float result(uint j, uint k) { return real_output(finished(acc[j]), k); }
#endif

void store(uint pixel, uint first_k) {
  [[unroll]] for (uint j = 0u; j < block; j += 4u) {
    const uint k = first_k + j;
    if (k_count % 4u == 0u) {
      if (k < k_count) {
        y4[(pixel * k_count + k) / 4u] =
            vec4(result(j, k), result(j + 1u, k + 1u), result(j + 2u, k + 2u), result(j + 3u, k + 3u));
      }
    } else {
      [[unroll]] for (uint t = 0u; t < 4u; ++t) {
        if (k + t < k_count) y[pixel * k_count + k + t] = result(j + t, k + t);
      }
    }
  }
}
#else
void store(uint pixel, uint first_k) {
  uint planes[8] = uint[8](0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);
  [[unroll]] for (uint j = 0u; j < block; ++j) {
    const uint k = min(first_k + j, k_count - 1u);
    const int total = finished(acc[j]);
    if (linear_thresholds == 0u) {
      const uint code = output_code(total, k);
      [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) planes[plane] |= ((code >> plane) & 1u) << j;
    } else {
      const int v = thresholds[k] * total;
      uint rank = 0u;
      [[unroll]] for (uint t = 1u; t <= linear_thresholds; ++t) rank += v >= thresholds[t * k_count + k] ? 1u : 0u;
      const uint code = linear_thresholds == 2u ? activation_code_of_rank(rank, kShiftLevels, 2u) : rank;
      [[unroll]] for (uint plane = 0u; plane < (linear_thresholds > 1u ? 2u : 1u); ++plane) {
        planes[plane] |= ((code >> plane) & 1u) << j;
      }
    }
  }
  const uint words = channel_words(k_count);
  const uint word = first_k / kWordBits;
  [[unroll]] for (uint plane = 0u; plane < 8u; ++plane) {
    if (plane < p.output_bits) {
      y[packed_word(pixel, p.output_bits, words, plane, word)] = planes[plane] & channel_mask(k_count, word);
    }
  }
}
#endif
