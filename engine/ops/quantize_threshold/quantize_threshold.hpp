// SPDX-License-Identifier: Apache-2.0
// quantize_threshold: f32 in, levels 0 and +-2^i out, by comparing |x| with q = 2^(bits - 1) - 1 thresholds; 2 to 4
// bits (quant::quantize_shift has the map and its sources). One bit of the same family is quantize_sign.
//   bits  levels                 step   published as
//   2     0, +-1                 1      ternary (Chen et al. 2020, AQE, equation 21; Li et al. 2016, TWN)
//   3     0, +-1, +-2, +-4       1/4    0, +-1/4, +-1/2, +-1 (AQE, equation 22)
//   4     0, +-1, .., +-64       1/64   0 and +-2^-p, p = 0 .. 6, the same rule with one bit more
// Thresholds are a value of their own, so that a maximum or a mean that scales them is multiplied in once, on the
// device, and exporting reads the very numbers that evaluation compared with.
#pragma once

#include <array>
#include <string>

#include "engine/graph/op_info.hpp"
#include "engine/quant/quantizer.hpp"

namespace lowtide::ops {

// Real value of the level 1: the largest level stands for the real 1.
constexpr float threshold_step(uint32_t bits) {
  return 1.0f / static_cast<float>(quant::max_level(quant::ActivationKind::shift, bits));
}

// x, thresholds [q] [, scale []] -> levels. Gradient to x alone, as if the levels were x / step:
//   without a scale  dx = dlevels / step where |x| <= window, else 0 (clipped straight-through)
//   with a scale     dx = dlevels / scale everywhere: the gradient of level * scale, unchanged (TWN); a
//   scale
//                    of 0 gives 0
// is_rounded = 0 gives the surrogate whose derivative that is: clip(x) / step, or x / scale.
struct QuantizeThresholdOpParams {
  uint32_t bits = 2;  // 2 .. 4
  float window = 1.0f;
  uint32_t is_rounded = 1;
};
extern const graph::OpInfo kQuantizeThresholdOp;
extern const graph::OpInfo kQuantizeThresholdBackwardInputOp;  // x [, scale], dlevels -> dx

// Invalid `scale`: none.
Result<ValueId> quantize_threshold(graph::Graph& graph, std::string name, ValueId x, ValueId thresholds,
                                   const QuantizeThresholdOpParams& params, ValueId scale = {});

// [base []] -> thresholds f32 [q]: the parameters, descending, times base; each product is one f32 multiplication. Base
// is the largest or mean magnitude of a tensor; without it the parameters are the thresholds. No gradient.
struct QuantizeThresholdValuesOpParams {
  uint32_t bits = 2;
  float t1 = 0, t2 = 0, t3 = 0, t4 = 0, t5 = 0, t6 = 0, t7 = 0;  // beyond q: not read
};
extern const graph::OpInfo kQuantizeThresholdValuesOp;

// Invalid `base`: none.
Result<ValueId> threshold_values(graph::Graph& graph, std::string name, uint32_t bits,
                                 const quant::ShiftThresholds& thresholds, ValueId base = {});

// maximum [], running [] -> running in place: the larger of both; a maximum that is not finite changes nothing, as it
// is one of a step that optimisers skip. No gradient.
extern const graph::OpInfo kQuantizeThresholdMaximumOp;

// The running maximum after this step.
Result<ValueId> running_maximum(graph::Graph& graph, std::string name, ValueId maximum, ValueId running);

// w, thresholds [1] -> scale []: the mean of |w| over the elements with |w| > threshold (TWN); 0 where
// there are none. No gradient.
extern const graph::OpInfo kQuantizeThresholdScaleOp;

Result<ValueId> ternary_scale(graph::Graph& graph, std::string name, ValueId w, ValueId thresholds);

}  // namespace lowtide::ops
