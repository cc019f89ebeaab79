// SPDX-License-Identifier: Apache-2.0
// The walk of pixel_block.glsl over taps and words.
void main() {
  const uint item = linear_invocation();
  const uint pixel = min(item, p.pixels - 1u);  // invocations beyond the last pixel repeat it and do not store
  const uint first_k = gl_WorkGroupID.z * block;
  const uint ox = pixel % ow, oy = pixel / ow % oh, n = pixel / (ow * oh);
  const uint first_word = first_k / group_k * c_words;
  const uint tail_mask = channel_mask(p.group_c, c_words - 1u);

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
          if (c0 == 0u) taps += is_inside ? 1u : 0u;
          [[unroll]] for (uint cu = 0u; cu < unroll_c; ++cu) {
            const uint c = c0 + cu;
            const uint mask = is_inside ? (c + 1u == c_words ? tail_mask : 0xffffffffu) : 0u;
            accumulate(source, first_word + c, mask, ((r * kernel_w + s) * c_words + c) * w_planes, first_k);
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
