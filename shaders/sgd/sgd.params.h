// SPDX-License-Identifier: Apache-2.0
// Push constants of the sgd kernel.
#ifndef LOWTIDE_SGD_PARAMS_H
#define LOWTIDE_SGD_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct SgdParams {
  uint first;      // first element of the arenas, a multiple of 256
  uint count;      // elements, a multiple of 256
  uint stride;     // tuned: groups of four elements from one of an invocation's to its next
  float momentum;
  uint nesterov;   // 0 or 1
  uint has_scale;  // 0: gradient_scale is not read
};

LOWTIDE_SHADERS_END
#endif
