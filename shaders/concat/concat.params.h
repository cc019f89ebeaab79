// SPDX-License-Identifier: Apache-2.0
// Push constants of the concat kernels: some channels of every row are copied from x to y.
#ifndef LOWTIDE_CONCAT_PARAMS_H
#define LOWTIDE_CONCAT_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct ConcatParams {
  uint rows;
  uint channels;        // items copied of each row
  uint blocks;          // an invocation copies the rows block, block + blocks, ...
  uint x_row, x_first;  // items of a row of x; the first one copied
  uint y_row, y_first;  // of y
};

LOWTIDE_SHADERS_END
#endif
