// SPDX-License-Identifier: Apache-2.0
// Push constants of the prelu kernels.
#ifndef LOWTIDE_PRELU_PARAMS_H
#define LOWTIDE_PRELU_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct PreluParams {
  uint count;     // items of x (engine/ops/grid.hpp)
  uint channels;  // items of slope
  uint stride;    // from one item of an invocation to its next; a multiple of channels
};

LOWTIDE_SHADERS_END
#endif
