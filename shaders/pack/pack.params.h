// SPDX-License-Identifier: Apache-2.0
// Push constants of pack and unpack.
#ifndef LOWTIDE_PACK_PARAMS_H
#define LOWTIDE_PACK_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

// One invocation packs 32 channels of a row.
struct PackParams {
  uint rows;        // elements / c
  uint c;           // channels
  uint planes;      // bits
  uint kind;        // of the codes
  uint has_step;    // unsigned levels: inverse_step is read
  uint has_affine;  // multiplier and offset are applied first
  float threshold1, threshold2, threshold3, threshold4, threshold5, threshold6, threshold7;  // shift levels
};

struct UnpackParams {
  uint count;   // items of the levels (engine/ops/grid.hpp)
  uint stride;  // from one item of an invocation to its next
  uint c;       // channels
  uint planes;  // bits
  uint kind;    // of the codes
};

LOWTIDE_SHADERS_END
#endif
