// SPDX-License-Identifier: Apache-2.0
// Push constants of the dropout kernels.
#ifndef LOWTIDE_DROPOUT_PARAMS_H
#define LOWTIDE_DROPOUT_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct DropoutParams {
  uint count;         // items (engine/ops/grid.hpp)
  uint stride;        // from one item of an invocation to its next
  uint stream;        // of the random numbers
  float probability;  // of zero
  float kept_scale;   // 1 / (1 - probability)
};

LOWTIDE_SHADERS_END
#endif
