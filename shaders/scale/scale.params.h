// SPDX-License-Identifier: Apache-2.0
// Push constants of the scale kernels.
#ifndef LOWTIDE_SCALE_PARAMS_H
#define LOWTIDE_SCALE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct ScaleParams {
  uint count;     // items of x (engine/ops/grid.hpp)
  uint channels;  // items of s; 1 where s is a scalar
  uint stride;    // from one item of an invocation to its next; a multiple of channels
};

LOWTIDE_SHADERS_END
#endif
