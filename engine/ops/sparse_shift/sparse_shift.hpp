// SPDX-License-Identifier: Apache-2.0
// sparse_shift: the weights of S3 (Li et al. 2021, "S3: Sign-Sparse-Shift Reparametrization for Effective Training of
// Low-bit Shift Networks"), latents f32 [L k, ...] -> levels f32 [k, ...]. The L = 2^(bits - 1) latents of a weight lie
// one after the other along the first axis, sign, sparse, shift_1 .. shift_T: latent l of weight i is element
// l count + i. With H, sg and p_t of engine/quant/shift_weights.hpp
//   level = sg(sign) H(sparse) 2^(p_T)
// Gradient: H and sg are passed straight through, unclipped; 2^p and the products are differentiated. With g = dlevels
//   dsign = g H(sparse) 2^p      dsparse = g sg(sign) 2^p - (sparse < 0 ? dense_regularizer : 0)
//   dp_T = g level ln 2          dshift_t = dp_t (1 + p_(t-1))      dp_(t-1) = dp_t H(shift_t)
// so that a zero weight sends a gradient to its sparse latent alone. The regulariser is the gradient of
// dense_regularizer * sum max(-sparse, 0), times the loss scale; no loss shows it.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct SparseShiftOpParams {
  uint32_t bits = 3;  // 2 .. 4
  float dense_regularizer = 0;
  uint32_t is_rounded = 1;  // 0: the surrogate whose derivative the gradient is, H and sg replaced by the identity
};

extern const graph::OpInfo kSparseShiftOp;               // latents -> levels
extern const graph::OpInfo kSparseShiftBackwardInputOp;  // latents, dlevels, step block -> dlatents

// real = level.
Result<ValueId> sparse_shift(graph::Graph& graph, std::string name, ValueId latents, uint32_t bits,
                             float dense_regularizer);

}  // namespace lowtide::ops
