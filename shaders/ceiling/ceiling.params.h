// SPDX-License-Identifier: Apache-2.0
// Push constants of the kernels that measure ceilings.
#ifndef LOWTIDE_CEILING_PARAMS_H
#define LOWTIDE_CEILING_PARAMS_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct CeilingParams {
  uint iterations;  // of the loop
  uint start;       // what the accumulators start from
  float factor;     // of the multiply-adds
  float addend;
};
LOWTIDE_SHADERS_END

#endif
