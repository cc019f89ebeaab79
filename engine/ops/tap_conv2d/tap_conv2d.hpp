// SPDX-License-Identifier: Apache-2.0
// tap_conv2d: a convolution of levels whose taps have scales of their own, as SYQ trains them (Faraone et al. 2018: one
// scale for each position of the kernel). For evaluation only: training multiplies the weights by their scales. With
// the exact integers acc_t = sum over c of x * w at tap t, zero where the tap lies outside x,
//   y = output_scale * (((0 + scale_0 * acc_0) + scale_1 * acc_1) + ..), taps in row-major order, each operation
//   rounded
// on its own, so that packed_conv2d with PackedOutput::tap_scaled gives the same bits.
//
// x [n,h,w,c]  w [k,r,s,group_c]  scale [r*s]  y [n,oh,ow,k], all f32. x and w must hold integers with |acc_t| < 2^24;
// scales must be finite. Shapes and parameters as in conv2d.
#pragma once

#include <string>

#include "engine/ops/conv2d/conv2d.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kTapConv2dOp;  // x, w, scale -> y; parameters: Conv2dParams

Result<ValueId> tap_conv2d(graph::Graph& graph, std::string name, ValueId x, ValueId w, ValueId scale,
                           const Conv2dParams& params);

}  // namespace lowtide::ops
