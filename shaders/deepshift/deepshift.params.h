// SPDX-License-Identifier: Apache-2.0
// Push constants of the DeepShift kernels.
#ifndef LOWTIDE_DEEPSHIFT_PARAMS_H
#define LOWTIDE_DEEPSHIFT_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct DeepshiftParams {
  uint count;       // weights; tuned: groups of four (engine/ops/grid.hpp)
  uint stride;      // from one item of an invocation to its next
  uint range;       // exponents are -range .. 0; step = 2^-range
  uint is_rounded;  // 0: the surrogate (forward only)
  float penalty;    // on (2^shift)^2 / 2 (PS, backward only)
};

LOWTIDE_SHADERS_END
#endif
