// SPDX-License-Identifier: Apache-2.0
// Push constants of the fill kernels.
#ifndef LOWTIDE_FILL_PARAMS_H
#define LOWTIDE_FILL_PARAMS_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct FillParams {
  uint first;  // first word written
  uint count;  // words written
  uint word;   // the bit pattern stored, of an f32 or of an integer
};

// Of the tuned kernels, which fill whole values.
struct FillItemsParams {
  uint count;   // items (engine/ops/grid.hpp)
  uint stride;  // from one item of an invocation to its next
  uint word;
};
LOWTIDE_SHADERS_END

#endif
