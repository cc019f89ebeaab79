// SPDX-License-Identifier: Apache-2.0
// Push constants of the kl_divergence kernels.
#ifndef LOWTIDE_KL_DIVERGENCE_PARAMS_H
#define LOWTIDE_KL_DIVERGENCE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct KlDivergenceParams {
  uint rows;          // n
  uint classes;       // c
  float temperature;  // T
};

LOWTIDE_SHADERS_END
#endif
