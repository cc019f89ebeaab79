// SPDX-License-Identifier: Apache-2.0
// Push constants of the affine kernels.
#ifndef LOWTIDE_AFFINE_PARAMS_H
#define LOWTIDE_AFFINE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct AffineParams {
  uint count;     // items of x (engine/ops/grid.hpp)
  uint channels;  // items of multiplier
  uint stride;    // from one item of an invocation to its next; a multiple of channels
};

LOWTIDE_SHADERS_END
#endif
