// SPDX-License-Identifier: Apache-2.0
// Push constants of the pool2d kernels. Kernel, stride and padding are spec constants (window.glsl).
#ifndef LOWTIDE_POOL2D_PARAMS_H
#define LOWTIDE_POOL2D_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct Pool2dParams {
  uint count;          // invocations with work
  uint channels;       // items of a pixel: c, or c / 4 where an item is a vec4
  uint h, w;           // of x
  uint oh, ow;         // of y
  float inverse_full;  // 1 / (kernel_h * kernel_w)
  uint count_includes_pad;
};

LOWTIDE_SHADERS_END
#endif
