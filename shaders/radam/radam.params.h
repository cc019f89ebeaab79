// SPDX-License-Identifier: Apache-2.0
// Push constants of the radam kernel.
#ifndef LOWTIDE_RADAM_PARAMS_H
#define LOWTIDE_RADAM_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct RadamParams {
  uint first;      // first element of the arenas, a multiple of 256
  uint count;      // elements, a multiple of 256
  uint stride;     // tuned: groups of four elements from one of an invocation's to its next
  float beta1;
  float beta2;
  float epsilon;
  uint has_scale;  // 0: gradient_scale is not read
};

LOWTIDE_SHADERS_END
#endif
