// SPDX-License-Identifier: Apache-2.0
// Push constants of the estimate kernels.
#ifndef LOWTIDE_ESTIMATE_PARAMS_H
#define LOWTIDE_ESTIMATE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct EstimateParams {
  uint count;          // items (engine/ops/grid.hpp)
  uint stride;         // from one item of an invocation to its next
  uint rule;           // ops::EstimatorRule; read by the naive kernels, a spec constant of the tuned ones
  uint is_rounded;     // 0: the surrogate (forward only)
  float step;          // real value of the level 1
  float inverse_step;  // 1 / step
  float window;        // of the gradient
  float scaling;       // ewgs
};

LOWTIDE_SHADERS_END
#endif
