// SPDX-License-Identifier: Apache-2.0
// Quantisers whose step is learned: f32 in, levels out, real = level * unit * step. The step multiplies behind the
// convolution (`scale`, batch_norm_fold), so that levels stay integers and products of them exact.
//   levels           which                                  unit  used by
//   unsigned_levels  0 .. 2^bits - 1                        1     activations
//   signed_levels    -2^(bits - 1) .. 2^(bits - 1) - 1      1     weights of LSQ, 2 to 8 bits
//   signs            -1, +1                                 1     weights of LSQ with one bit (our extension)
//   odd_levels       2 q - (2^bits - 1), q = 0 .. 2^bits - 1  1/2  weights of the uniform quantiser
// The place of x among the levels is u = x * inverse_step / unit, one f32 multiplication and an exact doubling: a
// division is not correctly rounded on every device, and folding must multiply as the device does. Levels are the
// nearest ones, ties to even (odd levels: to even q); a sign is +1 from 0 on.
//
// Gradients, of the real value as a function of x and of the step, the step behind the convolution included. That step
// must therefore be a constant for the gradient there (detach):
//   lsq   Esser et al. 2020. With dreal = dlevels / (unit step): dx = dreal strictly between the outermost levels, else
//         0 (equation 5); dstep = sum dreal unit (level - u there, level elsewhere) (equation 3).
//   pact  Choi et al. 2018, with alpha = step (2^bits - 1): dx as above, dalpha = sum of dreal where x >= alpha
//         (equation 3), and so dstep = (2^bits - 1) dalpha.
// dstep is multiplied by gradient_scale. Its sum is taken in a fixed order. Written so, LSQ's gradient is a sum of
// residuals; as the difference of the two sums that a `scale` behind the convolution and a straight-through rule in
// front of it would give, most of its digits would cancel.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

enum class StepLevels : uint32_t { unsigned_levels, signed_levels, signs, odd_levels };
enum class StepRule : uint32_t { lsq, pact };

struct QuantizeStepOpParams {
  StepLevels levels = StepLevels::unsigned_levels;
  uint32_t bits = 1;  // 1 .. 8; signed_levels: 2 .. 8; signs: 1
  StepRule rule = StepRule::lsq;
  float gradient_scale = 1.0f;
  uint32_t is_rounded = 1;  // 0: u, clipped and not rounded, from which cases make surrogates
};
extern const graph::OpInfo kQuantizeStepOp;          // x, step [], inverse_step [] -> levels
extern const graph::OpInfo kQuantizeStepBackwardOp;  // x, inverse_step, dlevels -> dx, dstep []

// What one unit of u stands for, in steps.
constexpr float step_unit(StepLevels levels) {
  return levels == StepLevels::odd_levels ? 0.5f : 1.0f;
}

// The smallest step. The papers do not say what happens where the optimiser takes a step to zero or beyond; here the
// parameter may go where it likes, the step that is used stays at this bound, and the gradient reaches the parameter
// all the same, so that it can come back.
inline constexpr float kMinStep = 0x1p-20f;

// parameter [] -> step [] = factor max(parameter, kMinStep), inverse_step [] = 1 / step. dparameter = factor dstep.
// A parameter that is not a number gives a step that is none, and so a training step that is skipped.
struct LearnedStepOpParams {
  float factor = 1.0f;  // PACT: 1 / (2^bits - 1), of the parameter alpha
};
extern const graph::OpInfo kQuantizeStepBoundOp;

struct LearnedStep {
  ValueId step;          // [], with a gradient
  ValueId inverse_step;  // [], without
};
Result<LearnedStep> learned_step(graph::Graph& graph, std::string name, ValueId parameter, float factor = 1.0f);

Result<ValueId> quantize_step(graph::Graph& graph, std::string name, ValueId x, const LearnedStep& step,
                              const QuantizeStepOpParams& params);

}  // namespace lowtide::ops
