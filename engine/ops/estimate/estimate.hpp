// SPDX-License-Identifier: Apache-2.0
// estimate: what a quantiser's levels are for training. It stands behind the quantiser and brings its own gradient
// rule; the levels are a constant for it, so the quantiser's rule is not used. All of x, levels and y are f32 of one
// shape; the real value of a level is level * step; alpha is `blend` of the step block.
//   y  = alpha levels + (1 - alpha) x / step;  with alpha = 1, and for the rules without a blend, y is `levels`, bit
//   for bit dx = dy / step * factor, with I = 1 where |x| <= window, else 0
//     aqe_g1  2 alpha I           (Chen et al. 2020, AQE, equations 13, 18 and 19)
//     aqe_g2  I                   (the same, algorithm 1)
//     aqe_g3  (1 - alpha) I       (automatic differentiation of the blend; Chen et al. 2020, TNNLS, equation 15)
//     bireal  2 - 2 |x| where |x| < 1, else 0: the derivative of a piecewise polynomial (Liu et al. 2018, Bi-Real Net)
//     ewgs    (1 + scaling sign(dy) (x - level * step)) I  (Lee et al. 2021)
// bireal and ewgs have no blend. Evaluation has no estimate at all: it computes with levels.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

enum class EstimatorRule : uint32_t { aqe_g1, aqe_g2, aqe_g3, bireal, ewgs };

constexpr bool has_blend(EstimatorRule rule) {
  return rule == EstimatorRule::aqe_g1 || rule == EstimatorRule::aqe_g2 || rule == EstimatorRule::aqe_g3;
}

struct EstimateOpParams {
  EstimatorRule rule = EstimatorRule::aqe_g2;
  float step = 1.0f;
  float window = 1.0f;      // of I
  float scaling = 0.0f;     // ewgs
  uint32_t is_rounded = 1;  // 0: y is the surrogate whose derivative dx is (ewgs: with scaling 0)
};

extern const graph::OpInfo kEstimateOp;               // x, levels, step block -> y
extern const graph::OpInfo kEstimateBackwardInputOp;  // x, levels, step block, dy -> dx

Result<ValueId> estimate(graph::Graph& graph, std::string name, ValueId x, ValueId levels,
                         const EstimateOpParams& params);

}  // namespace lowtide::ops
