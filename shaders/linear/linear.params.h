// SPDX-License-Identifier: Apache-2.0
// Push constants of the linear kernels: x [n,c]  w [k,c]  y [n,k].
#ifndef LOWTIDE_LINEAR_PARAMS_H
#define LOWTIDE_LINEAR_PARAMS_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct LinearParams {
  uint n, c, k;
  float scale;
};
LOWTIDE_SHADERS_END

#endif
