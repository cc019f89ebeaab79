// SPDX-License-Identifier: Apache-2.0
// deepshift_q and deepshift_ps: the weights of DeepShift (Elhoushi et al. 2021, "DeepShift: Towards Multiplication-Less
// Neural Networks"), f32 -> levels in units of the smallest magnitude: real = level * quant::deepshift_step(range),
// with range and the maps of engine/quant/shift_weights.hpp. In the gradients g = dL/dreal = dlevels / step.
//   Q   one latent:  real = sign(w) 2^(round(log2 |w|) clamped to [-range, 0]);  dw = g
//   PS  latents [2 k, ...], shift before sign:  real = sign(round(sign)) 2^(round(shift clamped to [-range, 0]))
//       dsign = g, without the factor 2^shift;  dshift = g real ln 2 + penalty ln 2 4^(clamped shift)
// The penalty is the gradient of penalty / 2 * sum (2^shift)^2, times the loss scale; no loss shows it. The authors
// clamp shift latents in place before each step, so that none drifts away; here a gradient that would push one further
// out of [-range, 0] is 0, which keeps it there without a pass of its own.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct DeepshiftQOpParams {
  uint32_t bits = 5;        // 2 .. 5
  uint32_t is_rounded = 1;  // 0: the surrogate w / step
};
extern const graph::OpInfo kDeepshiftQOp;               // w -> levels
extern const graph::OpInfo kDeepshiftQBackwardInputOp;  // dlevels -> dw

struct DeepshiftPsOpParams {
  uint32_t bits = 5;  // 2 .. 5
  float penalty = 0;
  uint32_t is_rounded = 1;  // 0: the surrogate sign / step + round(sign) 2^(shift + range): dsign has no factor 2^shift
};
extern const graph::OpInfo kDeepshiftPsOp;               // latents -> levels
extern const graph::OpInfo kDeepshiftPsBackwardInputOp;  // latents, dlevels, step block -> dlatents

Result<ValueId> deepshift_q(graph::Graph& graph, std::string name, ValueId w, uint32_t bits);
Result<ValueId> deepshift_ps(graph::Graph& graph, std::string name, ValueId latents, uint32_t bits, float penalty);

}  // namespace lowtide::ops
