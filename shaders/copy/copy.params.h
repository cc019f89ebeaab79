// SPDX-License-Identifier: Apache-2.0
// Push constants of the copy kernels.
#ifndef LOWTIDE_COPY_PARAMS_H
#define LOWTIDE_COPY_PARAMS_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct CopyParams {
  uint x_first;  // first word read
  uint y_first;  // first word written
  uint count;    // words copied
};

// Of the tuned kernels, which copy whole values.
struct CopyItemsParams {
  uint count;   // items (engine/ops/grid.hpp)
  uint stride;  // from one item of an invocation to its next
};
LOWTIDE_SHADERS_END

#endif
