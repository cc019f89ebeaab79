// SPDX-License-Identifier: Apache-2.0
// Push constants of packed_pixels. output.glsl of packed_conv2d reads k and what stands behind it.
#ifndef LOWTIDE_PACKED_PIXELS_PARAMS_H
#define LOWTIDE_PACKED_PIXELS_PARAMS_H
#include "shaders/lib/interop.h"
LOWTIDE_SHADERS_BEGIN

struct PackedPixelsParams {
  uint pixels;              // of y: n * oh * ow
  uint last_word;           // of x
  uint h, w, c;             // of x
  uint oh, ow;              // of y
  uint kernel_h, kernel_w;  // taps
  uint stride_h, stride_w;
  uint pad_h, pad_w;
  uint w_row;                 // channels of a row of w
  uint k;                     // of y
  uint output_activation;     // kind of the codes of y; packed output only
  uint output_bits;           // planes of y; packed output only
  uint has_affine;            // f32 output only: multiplier and offset are applied
  float output_scale;         // f32 output only
};

LOWTIDE_SHADERS_END
#endif
