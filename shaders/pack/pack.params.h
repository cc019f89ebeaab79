// SPDX-License-Identifier: Apache-2.0
// Push constants of pack and unpack.
#ifndef LOWTIDE_PACK_PARAMS_H
#define LOWTIDE_PACK_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct PackParams {
  uint rows;        // elements / c
  uint c;           // channels
  uint planes;      // bits
  uint kind;        // of the codes
  // pack only:
  uint has_step;    // unsigned levels: inverse_step is read
  uint has_affine;  // multiplier and offset are applied first
  float threshold1, threshold2, threshold3, threshold4, threshold5, threshold6, threshold7;  // shift levels
};

LOWTIDE_SHADERS_END
#endif
