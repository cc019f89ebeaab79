// SPDX-License-Identifier: Apache-2.0
// What packed_conv2d and packed_linear share: checks of operands and the lowering. A linear layer is a convolution
// whose kernel covers all of x.
#pragma once

#include "engine/graph/op_info.hpp"
#include "engine/ops/packed_conv2d/packed_conv2d.hpp"
#include "engine/ops/rules.hpp"
#include "engine/quant/pack.hpp"

namespace lowtide::ops {

// Extents of one packed layer, taken from descriptions and parameters that were checked.
struct PackedLayer {
  PackedConv2dOpParams params;
  uint32_t n = 0, h = 1, w = 1, c = 0;  // x
  uint32_t oh = 1, ow = 1, k = 0;       // y
  uint32_t x_bits = 1, w_bits = 1;

  uint32_t group_c() const { return c / params.groups; }
  uint32_t group_k() const { return k / params.groups; }
  uint32_t c_words() const { return ceil_div(group_c(), 32u); }
  uint32_t taps() const { return params.kernel_h * params.kernel_w; }
  quant::PackedWeightExtents weights() const {
    return {.k = k, .taps = taps(), .c = group_c(), .bits = w_bits, .kind = params.weight};
  }
  uint64_t multiply_adds() const { return uint64_t{n} * oh * ow * k * params.kernel_h * params.kernel_w * group_c(); }
};

// Positions of a kernel along one axis; 0 where it does not fit or a parameter is absurd.
uint32_t kernel_positions(uint64_t extent, uint64_t kernel, uint64_t stride, uint64_t pad, uint64_t dilation);

// Thresholds of codes of `bits` bits that the store counts one by one instead of bisecting; 0: none.
uint32_t linear_thresholds(PackedOutput output, quant::ActivationKind kind, uint32_t bits);

// Inputs beyond x and w that an output kind has.
size_t further_input_count(PackedOutput output);

// Checks x, w and the further inputs of `node` against `params` (kernel, groups) and fills in the layer; a sentence
// says what does not fit. oh and ow are left to the caller.
Result<PackedLayer> packed_layer(const graph::Node& node, const graph::Graph& graph,
                                 const PackedConv2dOpParams& params);

// Kernels count elements in 32 bits.
Result<void> expect_addressable(const graph::Node& node, const PackedLayer& layer);

// The description of y, of the given shape.
TensorDesc packed_output_desc(const PackedConv2dOpParams& params, Shape shape);

Result<void> lower_packed_layer(const graph::Node& node, const PackedLayer& layer, const graph::LowerTarget& target,
                                DispatchList& out);

// Of packed_conv2d_residual; `params` beside those of the layer. The tuned kernel is forward_held's.
bool is_held(const PackedLayer& layer, const graph::LowerTarget& target);
void lower_residual(const graph::Node& node, const PackedLayer& layer, float lo, float hi,
                    const graph::LowerTarget& target, DispatchList& out);

graph::Cost packed_layer_cost(const graph::Node& node, const graph::Graph& graph, const PackedLayer& layer);

}  // namespace lowtide::ops
