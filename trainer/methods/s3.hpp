// SPDX-License-Identifier: Apache-2.0
// S3: "S3: Sign-Sparse-Shift Reparametrization for Effective Training of Low-bit Shift Networks", Li, Liu, Yu, Liu, Xu
// and Partovi Nia (NeurIPS 2021). weight_quantizer = "sparse_shift": a weight of 2, 3 or 4 bits comes from 2, 4 or 8
// real latents, "<layer>.latents", each of which decides one thing:
//   w = sg(sign) H(sparse) 2^(p_T),   p_0 = 0,   p_t = H(shift_t) (1 + p_(t-1)),   T = 2^(bits - 1) - 2
// with H(0) = 0 and sg(0) = +1: levels 0, +-1; 0, +-1, +-2, +-4; 0, +-1 .. +-64. No scale; batch norm follows.
// Gradients (engine/ops/sparse_shift) are those of the authors' code: H and sg straight through, with neither window
// nor factor.
//   L = L_task + dense_regularizer sum max(-sparse, 0)     over all S3 weights; the logged loss is L_task
// Weight decay acts on all latents, as there. Activations are ReLU in full precision or any quantiser of the recipe.
//   start     He et al. 2015 with fan-out, deviation sqrt(2 / (kernel area * outputs)), for every latent. "released":
//   so
//             it is in the released code, and half of the weights start at 0. "dense": as in its first commit, sparse
//             latents take their magnitude and shift latents minus theirs, so that every weight starts at +-1.
//
// Choices where the source is silent, ours:
// - Two and four bits: the code has three. The recursion above gives it, and ternary weights; T = 6 for four bits.
// - The default start is "dense". Which one the paper's numbers come from is not known.
// - In a linear layer the kernel area is 1.
// - First and last layer stay in full precision unless the recipe says otherwise; where first_layer or last_layer ask
//   for bits that S3 does not have, that layer uses dorefa.
#pragma once

#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// Sentences about keys that contradict each other; `where` names the phase.
void check_sparse_shift(const std::string& where, const Phase& phase, std::vector<std::string>& out);

}  // namespace lowtide::trainer
