// SPDX-License-Identifier: Apache-2.0
// Push constants of the gradient_norm kernels.
#ifndef LOWTIDE_GRADIENT_NORM_PARAMS_H
#define LOWTIDE_GRADIENT_NORM_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct GradientNormParams {
  uint first;      // first element of the gradient arena, a multiple of 256
  uint count;      // elements, a multiple of 256
  uint slice;      // elements that one workgroup adds, a multiple of 256
  uint slices;     // workgroups, and partial sums
  float max_norm;  // 0: no limit
  uint has_loss_scale;  // 1: loss_scale multiplies the step block's
};

LOWTIDE_SHADERS_END
#endif
