// SPDX-License-Identifier: Apache-2.0
// Push constants of residual_signs.
#ifndef LOWTIDE_RESIDUAL_SIGNS_PARAMS_H
#define LOWTIDE_RESIDUAL_SIGNS_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

// One invocation makes 32 channels of a row.
struct ResidualSignsParams {
  uint rows;  // elements / c
  uint c;     // channels
  float lo, hi;
};

LOWTIDE_SHADERS_END
#endif
