// SPDX-License-Identifier: Apache-2.0
// Push constants of the dot kernels.
#ifndef LOWTIDE_DOT_PARAMS_H
#define LOWTIDE_DOT_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct DotParams {
  uint count;    // elements of a and b
  float factor;  // y = factor * sum a b
};

LOWTIDE_SHADERS_END
#endif
