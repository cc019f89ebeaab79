// SPDX-License-Identifier: Apache-2.0
// loss_scale: the factor of a loss that is found while training (Micikevicius et al. 2018, section 3.2: "dynamic loss
// scaling"), moved on the device at the end of a step:
//   used = scale
//   finite            count + 1; where that reaches `interval`: scale = min(2 scale, 2^24), count = 0
//   finite is not     scale = max(scale / 2, 1), count = 0
// Powers of two, so that it drops out of gradients exactly. The doubling, the halving and the bounds are ours where the
// paper leaves them open. No gradient.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

inline constexpr float kLargestLossScale = 16777216.0f;  // 2^24

struct LossScaleOpParams {
  uint32_t interval = 2000;  // steps that count, one after the other, until the scale is doubled; 1 to 2^20
};

extern const graph::OpInfo kLossScaleOp;  // scale [], count [], finite [] -> scale, count in place, used []; all f32

// The two states of a dynamic loss scale.
struct LossScaleState {
  ValueId scale;  // at least 1
  ValueId count;  // steps since the scale last changed, a whole number
};

// `finite`: finite where the step counts (finite_gate). Gives `used`: the scale that this step's losses had. Nodes that
// read the scale must be appended before.
Result<ValueId> loss_scale(graph::Graph& graph, std::string name, const LossScaleState& state, ValueId finite,
                           const LossScaleOpParams& params);

}  // namespace lowtide::ops
