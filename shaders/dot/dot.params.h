// SPDX-License-Identifier: Apache-2.0
// Push constants of the dot kernels.
#ifndef LOWTIDE_DOT_PARAMS_H
#define LOWTIDE_DOT_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct DotParams {
  uint count;    // items of a and b (engine/ops/grid.hpp)
  float factor;  // y = factor * sum a b
};

struct DotSlicesParams {
  uint count;   // items of a and b
  uint slice;   // items that one workgroup adds
  uint slices;  // workgroups, and partial sums
};

struct DotGradientParams {
  uint count;    // items (engine/ops/grid.hpp)
  uint stride;   // from one item of an invocation to its next
  float factor;
};

LOWTIDE_SHADERS_END
#endif
