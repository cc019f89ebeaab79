// SPDX-License-Identifier: Apache-2.0
// Push constants of the sum kernels.
#ifndef LOWTIDE_SUM_PARAMS_H
#define LOWTIDE_SUM_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct SumParams {
  uint count;    // elements of x
  float factor;  // y = factor * sum x
};

LOWTIDE_SHADERS_END
#endif
