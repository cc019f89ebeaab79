// SPDX-License-Identifier: Apache-2.0
// packed_max_pool2d: max pooling of packed codes: the code of the largest level. Codes of unsigned levels and of signs
// grow with their levels; those of shift levels are compared by rank. Taps outside x do not count; every window must
// have one inside. x [n,h,w,c] b1 .. b8 -> y [n,oh,ow,c] of the same type; oh = (h + 2*pad_h - window_h) / stride_h +
// 1, rounded down.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"
#include "engine/quant/quantizer.hpp"

namespace lowtide::ops {

struct PackedPool2dOpParams {
  uint32_t window_h = 2, window_w = 2;
  uint32_t stride_h = 2, stride_w = 2;
  uint32_t pad_h = 0, pad_w = 0;                                              // on both sides, smaller than the window
  quant::ActivationKind activation = quant::ActivationKind::unsigned_levels;  // what the codes mean
};

extern const graph::OpInfo kPackedMaxPool2dOp;

Result<ValueId> packed_max_pool2d(graph::Graph& graph, std::string name, ValueId x, const PackedPool2dOpParams& params);

}  // namespace lowtide::ops
