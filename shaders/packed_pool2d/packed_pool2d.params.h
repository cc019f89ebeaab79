// SPDX-License-Identifier: Apache-2.0
// Push constants of packed_max_pool2d.
#ifndef LOWTIDE_PACKED_POOL2D_PARAMS_H
#define LOWTIDE_PACKED_POOL2D_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct PackedPool2dParams {
  uint pixels;  // n * oh * ow
  uint h, w;    // of x
  uint oh, ow;  // of y
  uint words;   // of one plane of a pixel
  uint window_h, window_w;
  uint stride_h, stride_w;
  uint pad_h, pad_w;
};

LOWTIDE_SHADERS_END
#endif
