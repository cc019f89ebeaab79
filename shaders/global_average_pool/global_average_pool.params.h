// SPDX-License-Identifier: Apache-2.0
// Push constants of the global_average_pool kernels.
#ifndef LOWTIDE_GLOBAL_AVERAGE_POOL_PARAMS_H
#define LOWTIDE_GLOBAL_AVERAGE_POOL_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct GlobalAveragePoolParams {
  uint count;     // items of the tensor that the invocations share out
  uint channels;  // items of a pixel: c, or c / 4 where an item is a vec4
  uint pixels;    // h * w
  float inverse;  // 1 / pixels
};

LOWTIDE_SHADERS_END
#endif
