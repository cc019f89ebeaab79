// SPDX-License-Identifier: Apache-2.0
// The walk of pixel_block.glsl over taps and words of channels. Needs groups = 1, or group_k a multiple of 32; channels that
// are a multiple of 32, so that a word of w belongs to one tap, unless each tap ends on its own (LOWTIDE_OUTPUT_TAPS);
// unrolls that divide their loops.
layout(constant_id = 12) const uint group_k = 64;     // output channels of a group
layout(constant_id = 13) const uint unroll_h = 3;     // divides kernel_h
layout(constant_id = 14) const uint unroll_w = 3;     // divides kernel_w
layout(constant_id = 15) const uint unroll_c = 2;     // divides c_words

#ifdef LOWTIDE_OUTPUT_TAPS
#include "tails.glsl"

// Bits that begin in one word of a run and end in the next.
uvec4 weights(uint row, uint first_k, uint quad) {
  if (channels % kWordBits == 0u) return full_weights(row, first_k, quad);
  const uint plane = row % w_planes, word = row / w_planes;
  const uint at = word / c_words * channels + word % c_words * kWordBits;
  const uint shift = at % kWordBits;
  const uvec4 low = run_weights(at / kWordBits, plane, first_k, quad);
  const uvec4 high = run_weights(at / kWordBits + 1u, plane, first_k, quad);
  return low >> shift | high << 1u << (kWordBits - 1u - shift);  // what is too much meets no channel of x
}
#else
uvec4 weights(uint row, uint first_k, uint quad) { return full_weights(row, first_k, quad); }
#endif

void main() {
  const uint item = linear_invocation();
  const uint pixel = min(item, p.pixels - 1u);  // invocations beyond the last pixel repeat it and do not store
  const uint first_k = gl_WorkGroupID.z * block;
  const uint ox = pixel % ow, oy = pixel / ow % oh, n = pixel / (ow * oh);
  const uint first_word = first_k / group_k * c_words;
  const uint tail_mask = channel_mask(channels, c_words - 1u);

  [[unroll]] for (uint j = 0u; j < block; ++j) acc[j] = 0;
#ifdef LOWTIDE_OUTPUT_TAPS
  [[unroll]] for (uint j = 0u; j < block; ++j) sums[j] = 0.0;
#endif
  for (uint r0 = 0u; r0 < kernel_h; r0 += unroll_h) {
    for (uint s0 = 0u; s0 < kernel_w; s0 += unroll_w) {
      for (uint c0 = 0u; c0 < c_words; c0 += unroll_c) {
        [[unroll]] for (uint rs = 0u; rs < unroll_h * unroll_w; ++rs) {
          const uint r = r0 + rs / unroll_w, s = s0 + rs % unroll_w;
          // Unsigned arithmetic wraps, so one comparison finds what lies outside on either side.
          const uint iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;
          const uint ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
          const bool is_inside = iy < p.h && ix < p.w;
          const uint source = (n * p.h + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u);
          if (c0 == 0u) inside += is_inside ? channels : 0u;
          [[unroll]] for (uint cu = 0u; cu < unroll_c; ++cu) {
            const uint c = c0 + cu;
            const uint mask = is_inside ? (c + 1u == c_words ? tail_mask : 0xffffffffu) : 0u;
            [[unroll]] for (uint i = 0u; i < x_planes; ++i) {
              codes[i] = x[packed_word(source, x_planes, channel_words(p.c), i, first_word + c)];
            }
            accumulate(mask, ((r * kernel_w + s) * c_words + c) * w_planes, first_k);
          }
        }
      }
#ifdef LOWTIDE_OUTPUT_TAPS
      end_tap(r0 * kernel_w + s0);  // unroll_h and unroll_w are 1
#endif
    }
  }
  if (item < p.pixels) store(pixel, first_k);
}
