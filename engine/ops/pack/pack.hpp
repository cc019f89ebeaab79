// SPDX-License-Identifier: Apache-2.0
// pack and unpack: between f32 and packed codes on the device, for inference.
//   pack    x f32 [.., c] [, multiplier [c], offset [c]] [, inverse_step []] -> codes of quantise(x * multiplier +
//           offset), packed. The multiplication and the addition are rounded on their own, as in affine. The rule
//           learned_step has the step as its last input. Used behind residual additions and f32 layers, where no
//           integer accumulator exists that thresholds could look at.
//   unpack  codes -> levels f32.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"
#include "engine/quant/quantizer.hpp"

namespace lowtide::ops {

struct PackOpParams {
  quant::ActivationKind kind = quant::ActivationKind::unsigned_levels;
  uint32_t bits = 1;                                               // as many as the kind may have
  quant::ActivationRule rule = quant::ActivationRule::unit_range;  // of unsigned levels
  quant::ShiftThresholds thresholds = {};                          // of shift levels; descending, the rest zero
};

struct UnpackOpParams {
  quant::ActivationKind kind = quant::ActivationKind::unsigned_levels;
};

extern const graph::OpInfo kPackOp;    // x [, multiplier, offset] [, inverse_step] -> y packed
extern const graph::OpInfo kUnpackOp;  // x packed -> levels

// `inverse_step`: for the rule learned_step, and for no other.
Result<ValueId> pack(graph::Graph& graph, std::string name, ValueId x, const PackOpParams& params,
                     ValueId inverse_step = {});
Result<ValueId> pack_affine(graph::Graph& graph, std::string name, ValueId x, ValueId multiplier, ValueId offset,
                            const PackOpParams& params, ValueId inverse_step = {});
Result<ValueId> unpack(graph::Graph& graph, std::string name, ValueId x, quant::ActivationKind kind);

}  // namespace lowtide::ops
