// SPDX-License-Identifier: Apache-2.0
// Push constants of pooled_signs. Kernel, stride and padding are spec constants (window.glsl).
#ifndef LOWTIDE_POOLED_SIGNS_PARAMS_H
#define LOWTIDE_POOLED_SIGNS_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

// One invocation makes 32 channels of a pixel of y.
struct PooledSignsParams {
  uint rows;    // pixels of y, all images
  uint c;       // channels
  uint h, w;    // of x
  uint oh, ow;  // of y
  float lo, hi;
};

LOWTIDE_SHADERS_END
#endif
