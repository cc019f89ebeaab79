// SPDX-License-Identifier: Apache-2.0
// Push constants of the bias kernels.
#ifndef LOWTIDE_BIAS_PARAMS_H
#define LOWTIDE_BIAS_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct BiasParams {
  uint count;     // items of x (engine/ops/grid.hpp)
  uint channels;  // items of b
  uint stride;    // from one item of an invocation to its next; a multiple of channels
};

LOWTIDE_SHADERS_END
#endif
