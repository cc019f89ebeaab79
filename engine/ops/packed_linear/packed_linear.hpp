// SPDX-License-Identifier: Apache-2.0
// packed_linear: a linear layer on packed codes, for inference. x [n, c] or [n, h, w, c]: the latter stands for flatten
// followed by linear, whose weight [k, h*w*c] is packed as h*w taps of c channels (NHWC order makes the two the same).
// w  u32 [words] as of packed_conv2d; y [n, k]. Outputs and further inputs as in packed_conv2d.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/graph/op_info.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/quant/pack.hpp"

namespace lowtide::ops {

struct PackedLinearOpParams {
  quant::ActivationKind activation = quant::ActivationKind::signs;
  quant::WeightKind weight = quant::WeightKind::odd_levels;
  uint32_t weight_bits = 1;
  uint32_t output_channels = 0;  // k
  PackedOutput output = PackedOutput::codes;
  quant::ActivationKind output_activation = quant::ActivationKind::unsigned_levels;
  uint32_t output_bits = 1;
  float output_scale = 1.0f;
};

// The same layer as a convolution of one pixel; the kernel's extents are left to the caller.
PackedConv2dOpParams as_convolution(const PackedLinearOpParams& params);

extern const graph::OpInfo kPackedLinearOp;

// What the weights of a packed_conv2d or packed_linear are, which is a node of `graph`; nullopt: it is another op.
std::optional<quant::PackedWeightExtents> packed_weights(const graph::Node& node, const graph::Graph& graph);

Result<ValueId> packed_linear(graph::Graph& graph, std::string name, ValueId x, ValueId w, std::vector<ValueId> further,
                              const PackedLinearOpParams& params);

}  // namespace lowtide::ops
