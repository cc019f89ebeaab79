// SPDX-License-Identifier: Apache-2.0
// Push constants of the sparse_shift kernels.
#ifndef LOWTIDE_SPARSE_SHIFT_PARAMS_H
#define LOWTIDE_SPARSE_SHIFT_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct SparseShiftParams {
  uint count;               // weights; tuned: groups of four (engine/ops/grid.hpp)
  uint stride;              // from one item of an invocation to its next
  uint shifts;              // T, shift latents of a weight: 0, 2 or 6
  uint is_rounded;          // 0: the surrogate (forward only)
  float dense_regularizer;  // force on negative sparse latents
};

LOWTIDE_SHADERS_END
#endif
