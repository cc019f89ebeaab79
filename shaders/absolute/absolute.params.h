// SPDX-License-Identifier: Apache-2.0
// Push constants of the absolute kernels.
#ifndef LOWTIDE_ABSOLUTE_PARAMS_H
#define LOWTIDE_ABSOLUTE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct AbsoluteParams {
  uint count;   // items (engine/ops/grid.hpp)
  uint stride;  // from one item of an invocation to its next
};

LOWTIDE_SHADERS_END
#endif
