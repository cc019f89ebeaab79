// SPDX-License-Identifier: Apache-2.0
// Push constants of normalize_pixels. The number of channels is a spec constant.
#ifndef LOWTIDE_NORMALIZE_PIXELS_PARAMS_H
#define LOWTIDE_NORMALIZE_PIXELS_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct NormalizePixelsParams {
  uint count;  // invocations that have work
};

LOWTIDE_SHADERS_END
#endif
