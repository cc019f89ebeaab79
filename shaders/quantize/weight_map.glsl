// SPDX-License-Identifier: Apache-2.0
// tanh of latent weights: accurate near 0, where weights are, and the same on every driver but for the last bits of exp.
// Rejected: the built-in tanh, a difference of exponentials that loses relative accuracy near 0 and, on some drivers,
// overflows for large arguments.
#ifndef LOWTIDE_QUANTIZE_WEIGHT_MAP_GLSL
#define LOWTIDE_QUANTIZE_WEIGHT_MAP_GLSL

// Relative error below 1e-6 for all x.
float weight_tanh(float x) {
  const float a = min(abs(x), 10.0);  // tanh(10) rounds to 1
  const float s = a * a;
  // Taylor series up to a^11; the next term is below 6e-8 of the sum for a < 0.4.
  const float series =
      a * (1.0 + s * (-1.0 / 3.0 +
                      s * (2.0 / 15.0 + s * (-17.0 / 315.0 + s * (62.0 / 2835.0 + s * (-1382.0 / 155925.0))))));
  const float t = a < 0.4 ? series : 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
  return x < 0.0 ? -t : t;
}

// tanh of the largest magnitude; an all-zero tensor counts as if it were 1.
float maximum_tanh(float max_abs) { return max_abs > 0.0 ? weight_tanh(max_abs) : 1.0; }

#endif
