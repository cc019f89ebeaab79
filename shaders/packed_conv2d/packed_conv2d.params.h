// SPDX-License-Identifier: Apache-2.0
// Push constants of packed_conv2d; packed_linear uses the same kernels.
#ifndef LOWTIDE_PACKED_CONV2D_PARAMS_H
#define LOWTIDE_PACKED_CONV2D_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct PackedConv2dParams {
  uint pixels;              // n * oh * ow
  uint h, w, c;             // of x
  uint oh, ow, k;           // of y
  uint kernel_h, kernel_w;  // taps
  uint stride_h, stride_w;
  uint pad_h, pad_w;
  uint dilation_h, dilation_w;
  uint group_c, group_k;      // input and output channels of a group
  uint x_planes, w_planes;    // bits
  uint activation;            // kind of the codes of x
  uint weight;                // kind of the weights
  uint output_activation;     // kind of the codes of y; packed output only
  uint output_bits;           // planes of y; packed output only
  uint has_affine;            // f32 output only: multiplier and offset are applied
  float output_scale;         // f32 output only
  float lo, hi;               // of a residual's sums
};

LOWTIDE_SHADERS_END
#endif
