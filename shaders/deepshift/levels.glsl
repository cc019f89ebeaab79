// SPDX-License-Identifier: Apache-2.0
// Levels of DeepShift weights, one or four at a time; twin of engine/quant/shift_weights.hpp. Exponents are put into and
// read from floats' bits: no logarithm and no power whose last bit a driver could choose.
#ifndef LOWTIDE_DEEPSHIFT_LEVELS_GLSL
#define LOWTIDE_DEEPSHIFT_LEVELS_GLSL
#include "lib/element.glsl"

// 2^exponent, exponent 0 .. 127.
element_t power_of_two(word_t exponent) { return uintBitsToFloat((exponent + 127u) << 23u); }

// sign(x) 2^(e + range), e = nearest integer to log2 |x|, clamped to [-range, 0]. Adding 0x800000 - 0x3504f4 to the bits
// carries into the exponent exactly where the mantissa is above sqrt(2). The sign is the bit of x, but + for both zeros;
// a comparison with 0 would take denormals for zeros on some drivers.
element_t deepshift_q_level(element_t x, uint range) {
  const word_t bits = floatBitsToUint(x), magnitude = bits & 0x7fffffffu;
  const word_t exponent = clamp((magnitude + 0x4afb0cu) >> 23u, word_t(127u - range), word_t(127u)) + range;
  const word_t sign_bit = (bits & 0x80000000u) * min(magnitude, word_t(1u));
  return uintBitsToFloat(exponent << 23u | sign_bit);
}

// The shift latent in [-range, 0].
element_t deepshift_clamped(element_t shift, uint range) {
  return clamp(shift, element_t(-float(range)), element_t(0.0));
}

// -1, 0 or +1: zero for |sign_latent| <= 1/2.
element_t deepshift_ps_sign(element_t sign_latent) {
  const element_t zero = element_t(0.0), one = element_t(1.0);
  return mix(zero, one, is_greater(sign_latent, element_t(0.5))) -
         mix(zero, one, is_greater(element_t(-0.5), sign_latent));
}

// 2^(round(shift) + range), the shift clamped.
element_t deepshift_ps_magnitude(element_t shift, uint range) {
  return power_of_two(word_t(roundEven(deepshift_clamped(shift, range)) + float(range)));
}

#endif
