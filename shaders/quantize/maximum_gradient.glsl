// SPDX-License-Identifier: Apache-2.0
// The part of a weight's gradient that comes through the maximum of its tensor. With n = 2^bits - 1, m = tanh(max_abs):
//   d(max_abs) = -n (1 - m^2) / m^2 * sum dlevels tanh(w), shared alike by the elements that attain the maximum.
#ifndef LOWTIDE_QUANTIZE_MAXIMUM_GRADIENT_GLSL
#define LOWTIDE_QUANTIZE_MAXIMUM_GRADIENT_GLSL

// What an element with |w| = max_abs gets, but for the sign of w. sums: of dlevels tanh(w); of the elements that attain
// the maximum, 1 each.
float maximum_share(vec2 sums, float maximum, float n) {
  return -n * (1.0 - maximum * maximum) / (maximum * maximum) * sums.x / sums.y;
}

#endif
