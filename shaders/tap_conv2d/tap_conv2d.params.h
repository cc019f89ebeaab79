// SPDX-License-Identifier: Apache-2.0
// Push constants of tap_conv2d.
#ifndef LOWTIDE_TAP_CONV2D_PARAMS_H
#define LOWTIDE_TAP_CONV2D_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct TapConv2dParams {
  uint pixels;     // n * oh * ow
  uint h, w, c;    // of x
  uint oh, ow, k;  // of y
  uint r, s;       // taps
  uint stride_h, stride_w;
  uint pad_h, pad_w;
  uint dilation_h, dilation_w;
  uint group_c, group_k;  // input and output channels of a group
  float output_scale;
};

LOWTIDE_SHADERS_END
#endif
