// SPDX-License-Identifier: Apache-2.0
// Push constants of the relu kernels.
#ifndef LOWTIDE_RELU_PARAMS_H
#define LOWTIDE_RELU_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct ReluParams {
  uint count;  // elements
};

LOWTIDE_SHADERS_END
#endif
