// SPDX-License-Identifier: Apache-2.0
// Push constants of the mse kernels.
#ifndef LOWTIDE_MSE_PARAMS_H
#define LOWTIDE_MSE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct MseParams {
  uint count;   // elements of a and b
  uint slice;   // elements that one workgroup adds
  uint slices;  // workgroups, and partial sums
};

LOWTIDE_SHADERS_END
#endif
