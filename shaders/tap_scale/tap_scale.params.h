// SPDX-License-Identifier: Apache-2.0
// Push constants of the tap_scale kernels.
#ifndef LOWTIDE_TAP_SCALE_PARAMS_H
#define LOWTIDE_TAP_SCALE_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct TapScaleParams {
  uint count;     // elements of the weights, or groups of four
  uint taps;      // r * s
  uint channels;  // c, or groups of four
  uint outputs;   // k
};

LOWTIDE_SHADERS_END
#endif
