// SPDX-License-Identifier: Apache-2.0
// The walk of pixel_block.glsl over the words of a run, for channels that are no multiple of 32. The bits that stand under
// a word of w are shifted together from words of x of one or several taps, once for all output channels; a tap outside x
// leaves a gap in the mask. 16 channels under a 3x3 kernel are 5 words instead of 9, 6 under a 5x5 kernel 5 instead of 25.
// Needs groups = 1.
#include "tails.glsl"
layout(constant_id = 12) const uint unroll = 5;  // words of an iteration; those beyond the last full one count nothing
// Words of x that a word of the run may take bits from.
const uint pieces = channels > kWordBits ? 3u : kWordBits % channels == 0u ? kWordBits / channels : (kWordBits - 2u) / channels + 2u;

bool is_tail = false;

uvec4 weights(uint row, uint first_k, uint quad) {
  if (is_tail) return tail_weights(row, first_k, quad);
  return full_weights(row, first_k, quad);
}

// Sets `codes` to word `word` of the run of pixel (oy, ox) of image n; gives the mask of the channels inside x.
uint gather(uint word, uint n, uint oy, uint ox) {
  [[unroll]] for (uint i = 0u; i < x_planes; ++i) codes[i] = 0u;
  uint mask = 0u, filled = 0u;
  [[unroll]] for (uint piece = 0u; piece < pieces; ++piece) {
    const uint at = word * kWordBits + filled;
    const uint tap = at / channels, c = at % channels;
    const uint skipped = c % kWordBits, shift = min(filled, kWordBits - 1u);
    // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
    const uint iy = oy * p.stride_h + tap / kernel_w * p.dilation_h - p.pad_h;
    const uint ix = ox * p.stride_w + tap % kernel_w * p.dilation_w - p.pad_w;
    const bool is_inside = filled < kWordBits && at < run && iy < p.h && ix < p.w;
    const uint kept = is_inside ? channel_mask(channels, c / kWordBits) >> skipped << shift : 0u;
    const uint source = (n * p.h + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u);
    [[unroll]] for (uint i = 0u; i < x_planes; ++i) {
      codes[i] |= x[packed_word(source, x_planes, c_words, i, c / kWordBits)] >> skipped << shift & kept;
    }
    mask |= kept;
    filled += min(min(kWordBits - skipped, channels - c), kWordBits - filled);
  }
  inside += bitCount(mask);
  return mask;
}

void main() {
  const uint item = linear_invocation();
  const uint pixel = min(item, p.pixels - 1u);  // invocations beyond the last pixel repeat it and do not store
  const uint first_k = gl_WorkGroupID.z * block;
  const uint ox = pixel % ow, oy = pixel / ow % oh, n = pixel / (ow * oh);

  [[unroll]] for (uint j = 0u; j < block; ++j) acc[j] = 0;
  for (uint word = 0u; word < full; word += unroll) {
    [[unroll]] for (uint u = 0u; u < unroll; ++u) {
      if (full % unroll == 0u || word + u < full) {
        const uint mask = gather(word + u, n, oy, ox);
        accumulate(mask, (word + u) * w_planes, first_k);
      }
    }
  }
  if (tail > 0u) {
    is_tail = true;
    const uint mask = gather(full, n, oy, ox);
    accumulate(mask, 0u, first_k);
  }
  if (item < p.pixels) store(pixel, first_k);
}
