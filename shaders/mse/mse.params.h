// SPDX-License-Identifier: Apache-2.0
// Push constants of the mse kernels.
#ifndef LOWTIDE_MSE_PARAMS_H
#define LOWTIDE_MSE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct MseParams {
  uint count;  // elements of a and b
};

struct MseSlicesParams {
  uint count;   // items of a and b (engine/ops/grid.hpp)
  uint slice;   // items that one workgroup adds
  uint slices;  // workgroups, and partial sums
};

struct MseGradientParams {
  uint count;            // items (engine/ops/grid.hpp)
  uint stride;           // from one item of an invocation to its next
  float two_over_count;  // 2 / elements
};

LOWTIDE_SHADERS_END
#endif
