// SPDX-License-Identifier: Apache-2.0
// Push constants of the loss_scale kernel.
#ifndef LOWTIDE_LOSS_SCALE_PARAMS_H
#define LOWTIDE_LOSS_SCALE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct LossScaleParams {
  uint interval;  // steps that count until the scale is doubled
  float largest;
};

LOWTIDE_SHADERS_END
#endif
