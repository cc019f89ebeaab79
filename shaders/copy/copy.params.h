// SPDX-License-Identifier: Apache-2.0
// Push constants of the copy kernels.
#ifndef LOWTIDE_COPY_PARAMS_H
#define LOWTIDE_COPY_PARAMS_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
struct CopyParams {
  uint x_first;  // first word read
  uint y_first;  // first word written
  uint count;    // words copied
};
LOWTIDE_SHADERS_END

#endif
