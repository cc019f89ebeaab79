// SPDX-License-Identifier: Apache-2.0
// tanh of latent weights: accurate near 0, where weights are, and the same on every driver but for the last bits of exp.
// Rejected: the built-in tanh, a difference of exponentials that loses relative accuracy near 0 and, on some drivers,
// overflows for large arguments.
#ifndef LOWTIDE_QUANTIZE_WEIGHT_MAP_GLSL
#define LOWTIDE_QUANTIZE_WEIGHT_MAP_GLSL

#include "lib/element.glsl"

// Relative error below 1e-6 for all x. Taylor series up to a^11 for a < 0.4, where the next term is below 6e-8 of the
// sum; tanh(10) rounds to 1.
#define LOWTIDE_WEIGHT_TANH(real)                                                                          \
  real weight_tanh(real x) {                                                                               \
    const real a = min(abs(x), real(10.0));                                                                \
    const real s = a * a;                                                                                  \
    const real series =                                                                                    \
        a * (1.0 + s * (-1.0 / 3.0 +                                                                       \
                        s * (2.0 / 15.0 + s * (-17.0 / 315.0 + s * (62.0 / 2835.0 + s * (-1382.0 / 155925.0)))))); \
    const real t = mix(1.0 - 2.0 / (exp(2.0 * a) + 1.0), series, is_greater(real(0.4), a));                \
    return mix(t, -t, is_greater(real(0.0), x));                                                           \
  }
LOWTIDE_WEIGHT_TANH(float)
LOWTIDE_WEIGHT_TANH(vec4)

// tanh of the largest magnitude; an all-zero tensor counts as if it were 1.
float maximum_tanh(float max_abs) { return max_abs > 0.0 ? weight_tanh(max_abs) : 1.0; }

#endif
