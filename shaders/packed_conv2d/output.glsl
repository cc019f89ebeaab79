// SPDX-License-Identifier: Apache-2.0
// What becomes of an accumulator, in the four forms of every kernel. Included below the declaration of p.
//   packed  bindings 2 thresholds i32 [levels of y, k], 3 y u32 words
//   f32     (LOWTIDE_OUTPUT_F32) bindings 2 multiplier [k], 3 offset [k], 4 y f32 [pixels, k]
//   taps    (LOWTIDE_OUTPUT_TAPS too) bindings 2 tap_scale [r * s], 3 y f32 [pixels, k]
//   residual (LOWTIDE_OUTPUT_F32 and LOWTIDE_RESIDUAL) bindings 2 multiplier [k], 3 offset [k], 4 shortcut f32 [pixels, k],
//           5 y f32 [pixels, k], 6 codes [pixels] one plane of words
#if defined(LOWTIDE_OUTPUT_TAPS)
BUFFER_READ(2, float, tap_scale)
BUFFER_WRITE(3, float, y)
BUFFER_WRITE_VIEW(3, vec4, y4)

// One tap further: the accumulator of a tap is exact in f32, both operations are rounded.
float add_tap(float sum, int acc, uint tap) {
  precise float scaled = tap_scale[tap] * float(acc);
  precise float next = sum + scaled;
  return next;
}
float real_output(float sum, uint channel) {
  precise float value = sum * p.output_scale;
  return value;
}
#elif defined(LOWTIDE_OUTPUT_F32)
BUFFER_READ(2, float, multiplier)
BUFFER_READ(3, float, offset)
#ifdef LOWTIDE_RESIDUAL
BUFFER_READ(4, float, shortcut)
BUFFER_READ_VIEW(4, vec4, shortcut4)
BUFFER_WRITE(5, float, y)
BUFFER_WRITE_VIEW(5, vec4, y4)
BUFFER_WRITE(6, uint, codes)
#else
BUFFER_WRITE(4, float, y)
BUFFER_WRITE_VIEW(4, vec4, y4)
#endif

// |acc| < 2^24, so the conversion is exact.
float real_output(int acc, uint channel) {
  precise float value = float(acc) * p.output_scale;
  if (p.has_affine != 0u) {
    precise float product = value * multiplier[channel];
    value = product + offset[channel];
  }
  return value;
}
#else
BUFFER_READ(2, int, thresholds)
BUFFER_WRITE(3, uint, y)

// The code of the rank, which is the number of thresholds reached. They ascend, so each step of the bisection settles
// one bit of it.
uint output_code(int acc, uint channel) {
  const int v = thresholds[channel] * acc;
  const uint rows = (1u << p.output_bits) - (p.output_activation == kShiftLevels ? 1u : 0u);
  uint rank = 0u;
  for (uint bit = 1u << (p.output_bits - 1u); bit > 0u; bit >>= 1u) {
    if (rank + bit < rows && v >= thresholds[(rank + bit) * p.k + channel]) rank += bit;
  }
  return activation_code_of_rank(rank, p.output_activation, p.output_bits);
}
#endif
