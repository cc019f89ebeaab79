// SPDX-License-Identifier: Apache-2.0
// Push constants of the draw_select kernels.
#ifndef LOWTIDE_DRAW_SELECT_PARAMS_H
#define LOWTIDE_DRAW_SELECT_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct DrawSelectParams {
  uint count;   // items (engine/ops/grid.hpp)
  uint stride;  // from one item of an invocation to its next
  uint stream;  // of the random number
};

LOWTIDE_SHADERS_END
#endif
