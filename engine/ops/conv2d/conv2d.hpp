// SPDX-License-Identifier: Apache-2.0
// conv2d: y[n,oy,ox,k] = output_scale * sum over r, s, c of x[n, oy*stride_h + r*dilation_h - pad_h, ox*stride_w +
// s*dilation_w - pad_w, g*group_c + c] * w[k,r,s,c], where g = k / group_k is the group of output channel k, group_c =
// c / groups, group_k = k / groups; what lies outside x counts as zero. A cross-correlation, as everywhere in this
// field.
//
// x [n,h,w,c]  w [k,r,s,group_c]  y [n,oh,ow,k], all f32; oh = (h + 2*pad_h - dilation_h*(r-1) - 1) / stride_h + 1,
// rounded down, ow likewise. Depthwise: groups = c. No bias.
//
// output_scale applies a static quantisation step to a sum of levels, which is an exact integer below 2^24: the sum is
// rounded once, by that multiplication, in every variant and order of summation.
//
// conv2d_affine: clamp(y * multiplier[k] + offset[k], lo, hi) of that y, for inference: conv2d, affine and clip or relu
// in one pass over y, with their operations in their order, each rounded on its own.
#pragma once

#include <cmath>
#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// What the factors of a convolution's products may be rounded to; sums are f32 whatever they are. f16 is leave, not
// order: a device that would not gain by it, or cannot, computes in f32. Factors beyond 65504 become infinite in f16.
// Levels and their products with levels are exact in both.
enum class Operands : uint32_t { f32, f16 };

struct Conv2dParams {
  uint32_t stride_h = 1, stride_w = 1;
  uint32_t pad_h = 0, pad_w = 0;  // zeros on both sides
  uint32_t dilation_h = 1, dilation_w = 1;
  uint32_t groups = 1;
  float output_scale = 1.0f;
  Operands operands = Operands::f32;
};

struct Conv2dAffineOpParams {
  Conv2dParams conv;
  float lo = -INFINITY, hi = INFINITY;
};

struct Conv2dBackwardInputParams {
  Conv2dParams conv;
  uint32_t h = 0, w = 0;  // extents of dx, which dy does not determine when the stride is above one
};

struct Conv2dBackwardWeightParams {
  Conv2dParams conv;
  uint32_t r = 0, s = 0;  // extents of dw
};

// `codes`: u8, described like x, the bytes of engine/ops/batch_norm/activation.hpp whose levels are x. The gradient of
// w then reads them instead of x, so that x need not be kept. Forward does not read them; a graph may give it codes as
// x to have y again.
extern const graph::OpInfo kConv2dOp;  // x or its codes, w [, codes] -> y
// conv2d_affine of pixels: x u8 [n,h,w,c], each element standing for table[channel, x], as normalize_pixels would make
// it.
extern const graph::OpInfo kConv2dAffineOp;          // x, w, multiplier [k], offset [k] [, table [c,256]] -> y
extern const graph::OpInfo kConv2dBackwardInputOp;   // w, dy -> dx
extern const graph::OpInfo kConv2dBackwardWeightOp;  // x or its codes, dy -> dw

// Whether conv2d_affine computes on this device what conv2d, a node of the graph, does there: with a kernel whose sums
// are in the same order.
bool fuses_affine(const graph::Node& conv2d, const graph::Graph& graph, const graph::LowerTarget& target);

Result<ValueId> conv2d(graph::Graph& graph, std::string name, ValueId x, ValueId w, const Conv2dParams& params);

}  // namespace lowtide::ops
