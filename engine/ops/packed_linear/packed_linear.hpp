// SPDX-License-Identifier: Apache-2.0
// packed_linear: a linear layer on packed codes, for inference. x [n, c] or [n, h, w, c]: the latter stands for flatten
// followed by linear, whose weight [k, h*w*c] is packed as h*w taps of c channels (NHWC order makes the two the same).
// w  u32 [h*w, c_words, planes, k]; y [n, k]. Outputs and further inputs as in packed_conv2d.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/op_info.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"

namespace lowtide::ops {

struct PackedLinearOpParams {
  quant::ActivationKind activation = quant::ActivationKind::signs;
  PackedOutput output = PackedOutput::codes;
  uint32_t output_bits = 1;
  float output_scale = 1.0f;
};

extern const graph::OpInfo kPackedLinearOp;

Result<ValueId> packed_linear(graph::Graph& graph, std::string name, ValueId x, ValueId w, std::vector<ValueId> further,
                              const PackedLinearOpParams& params);

}  // namespace lowtide::ops
