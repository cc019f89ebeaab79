// SPDX-License-Identifier: Apache-2.0
// The pooling window: its constants, and which windows hold a given pixel. Needs Pool2dParams p.
#ifndef LOWTIDE_POOL2D_WINDOW_GLSL
#define LOWTIDE_POOL2D_WINDOW_GLSL

layout(constant_id = 1) const uint kernel_h = 2;
layout(constant_id = 2) const uint kernel_w = 2;
layout(constant_id = 3) const uint stride_h = 2;
layout(constant_id = 4) const uint stride_w = 2;
layout(constant_id = 5) const uint pad_h = 0;
layout(constant_id = 6) const uint pad_w = 0;

// Index of an item of x; of y.
uint x_item(uint image, uint iy, uint ix, uint channel) { return ((image * p.h + iy) * p.w + ix) * p.channels + channel; }
uint y_item(uint image, uint oy, uint ox, uint channel) { return ((image * p.oh + oy) * p.ow + ox) * p.channels + channel; }

// Row iy of x; padding when it is not below p.h (rows above the image wrap around to large numbers). No window leaves the
// image where there is no padding.
uint row_of(uint oy, uint r) { return oy * stride_h + r - pad_h; }
uint column_of(uint ox, uint s) { return ox * stride_w + s - pad_w; }
bool is_inside(uint iy, uint ix) { return (pad_h == 0u && pad_w == 0u) || (iy < p.h && ix < p.w); }

// The windows oy = first_row_window(iy) .. end_row_window(iy) - 1 hold row iy.
uint first_row_window(uint iy) { return iy + pad_h < kernel_h ? 0u : (iy + pad_h - kernel_h) / stride_h + 1u; }
uint end_row_window(uint iy) { return min((iy + pad_h) / stride_h + 1u, p.oh); }
uint first_column_window(uint ix) { return ix + pad_w < kernel_w ? 0u : (ix + pad_w - kernel_w) / stride_w + 1u; }
uint end_column_window(uint ix) { return min((ix + pad_w) / stride_w + 1u, p.ow); }

// A macro: releases of glslang before 16 see no constant in uintBitsToFloat().
#define kMinusInfinity uintBitsToFloat(0xff800000u)

#endif
