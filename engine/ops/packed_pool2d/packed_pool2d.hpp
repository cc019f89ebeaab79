// SPDX-License-Identifier: Apache-2.0
// packed_max_pool2d: max pooling of packed codes. Codes grow with levels, for signs too, so the code of the maximum is
// the maximum of the codes. Taps outside x do not count; every window must have one inside.
// x [n,h,w,c] b1 .. b8 -> y [n,oh,ow,c] of the same type; oh = (h + 2*pad_h - window_h) / stride_h + 1, rounded down.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct PackedPool2dOpParams {
  uint32_t window_h = 2, window_w = 2;
  uint32_t stride_h = 2, stride_w = 2;
  uint32_t pad_h = 0, pad_w = 0;  // on both sides, smaller than the window
};

extern const graph::OpInfo kPackedMaxPool2dOp;

Result<ValueId> packed_max_pool2d(graph::Graph& graph, std::string name, ValueId x, const PackedPool2dOpParams& params);

}  // namespace lowtide::ops
