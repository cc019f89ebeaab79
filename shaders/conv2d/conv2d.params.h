// SPDX-License-Identifier: Apache-2.0
// Push constants of the conv2d kernels.
#ifndef LOWTIDE_CONV2D_PARAMS_H
#define LOWTIDE_CONV2D_PARAMS_H

#include "shaders/lib/interop.h"

LOWTIDE_SHADERS_BEGIN
// Naive kernels. x [n,h,w,c]  w [k,r,s,group_c]  y [n,oh,ow,k]; group_k = output channels per group.
struct Conv2dNaiveParams {
  uint n, h, w, c;
  uint oh, ow, k;
  uint r, s;
  uint stride_h, stride_w;
  uint pad_h, pad_w;
  uint dilation_h, dilation_w;
  uint group_c, group_k;
  float scale;
  float lo, hi;  // with an affine: bounds
};

// Tuned forward and backward_input: see tile.glsl.
struct Conv2dTileParams {
  uint images;
  uint source_height, destination_height, destination_channels;
  uint group_reduced;  // source channels per group: what a sum runs over
  uint group_lanes;    // destination channels per group: what lanes run over
  uint kernel_height;
  int row_numerator, row_denominator, row_step, row_offset;
  uint w_group, w_row, w_tap, w_reduced, w_lane;  // strides of w, in elements
  uint workgroups;                                // that have work
  float scale;
  float lo, hi;  // with an affine: bounds
};

// Tuned backward_weight, both forms.
struct Conv2dBackwardWeightParams {
  uint images;
  uint x_height, dy_height;
  uint group_c, groups;
  uint kernel_height;
  uint stride_h, dilation_h, pad_h;
  uint slices;
  uint slice_words;  // elements of dw
  uint workgroups;   // that have work
  float scale;
};

// By cooperative matrices: see forward_matrix.comp. Strides and firsts are in elements.
struct Conv2dMatrixParams {
  uint images, grid_height, grid_width;  // destination pixels
  uint groups;
  uint source_height, source_width, source_channels;
  uint group_reduced, group_lanes;  // source and destination channels per group
  uint tap_rows, tap_columns;
  int row_numerator, row_step, row_offset;
  int column_numerator, column_step, column_offset;
  uint w_first, w_group, w_outer, w_tap_row, w_tap_column;  // w_outer: of lanes, or of reduced channels
  uint destination_first, destination_image, destination_row, destination_column;
  uint workgroups;  // that have work
  float scale;
};

struct Conv2dMatrixWeightParams {
  uint images, x_height, x_width, dy_height, dy_width;
  uint groups, group_c, group_k;
  uint kernel_height, kernel_width;
  uint stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w;
  uint slice_pixels;  // of dy, per slice
  uint slices;
  uint slice_words;   // elements of dw
  uint workgroups;    // that have work
  float scale;
};

struct Conv2dSumParams {
  uint count;   // elements of dw
  uint slices;  // partial sums of each
  float scale;
};

struct Conv2dTransposeParams {
  uint group_c, group_k;
  uint taps;   // r * s
  uint count;  // elements of w
};

// Tuned forward and backward_input of few channels per group: see grouped.glsl.
struct Conv2dGroupedParams {
  uint source_height, source_width, source_channels;
  uint destination_height, destination_width, destination_channels;
  uint row_tiles, column_tiles;
  uint w_group, w_lane, w_tap, w_reduced;  // strides of w, in elements
  uint count;                              // invocations that have work
  float scale;
};

// Tuned backward_weight of few channels per group.
struct Conv2dGroupedWeightParams {
  uint images;
  uint x_height, x_width, x_channels;
  uint dy_height, dy_width, dy_channels;
  uint stride_h, dilation_h, pad_h;
  uint slices;
  uint slice_words;  // elements of dw
  uint count;        // invocations that have work
  float scale;
};

// Depthwise forward and backward_input in plain loops: see depthwise.glsl.
struct Conv2dDepthwiseParams {
  uint source_height, source_width;
  uint destination_height, destination_width;
  uint channels;  // vec4s of a pixel
  uint kernel_height, kernel_width;
  int row_numerator, row_denominator, row_step, row_offset;
  int column_numerator, column_denominator, column_step, column_offset;
  uint count;  // invocations that have work
  float scale;
};

struct Conv2dDepthwiseWeightParams {
  uint images;
  uint x_height, x_width;
  uint dy_height, dy_width;
  uint channels;  // vec4s of a pixel
  uint kernel_height, kernel_width;
  uint stride_h, stride_w;
  uint pad_h, pad_w;
  uint dilation_h, dilation_w;
  uint slices;
  uint slice_words;  // elements of dw
  uint count;        // invocations that have work
  float scale;
};
struct Conv2dLevelsParams {
  uint words;  // of codes
};

LOWTIDE_SHADERS_END

#endif
