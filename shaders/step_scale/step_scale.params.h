// SPDX-License-Identifier: Apache-2.0
// Push constants of the step_scale kernels.
#ifndef LOWTIDE_STEP_SCALE_PARAMS_H
#define LOWTIDE_STEP_SCALE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct StepScaleParams {
  uint count;    // items (engine/ops/grid.hpp)
  uint stride;   // from one item of an invocation to its next
  float factor;  // beside the expansion factor
};

LOWTIDE_SHADERS_END
#endif
