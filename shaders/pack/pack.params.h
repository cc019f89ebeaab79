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
  uint is_signs;    // codes are signs, else unsigned levels
  uint has_affine;  // pack only: multiplier and offset are applied first
};

LOWTIDE_SHADERS_END
#endif
