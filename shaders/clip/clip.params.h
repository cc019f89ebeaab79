// SPDX-License-Identifier: Apache-2.0
// Push constants of the clip kernels.
#ifndef LOWTIDE_CLIP_PARAMS_H
#define LOWTIDE_CLIP_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct ClipParams {
  uint count;   // items (engine/ops/grid.hpp)
  uint stride;  // from one item of an invocation to its next
  float lo;
  float hi;
};

LOWTIDE_SHADERS_END
#endif
