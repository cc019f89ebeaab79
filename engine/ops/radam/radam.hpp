// SPDX-License-Identifier: Apache-2.0
// radam: rectified Adam (Liu et al. 2020, algorithm 2) for a range of parameter blocks:
//   g = gradient_scale / loss_scale * dw
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//   w = clip(w - rate (u + weight_decay * w)),  u = r > 0 ? r (m / c1) / (sqrt(v / c2) + epsilon) : m / c1
// c1, c2 and the rectification r come from the step block, where the host computes them in double: with
// rho_inf = 2 / (1 - beta2) - 1 and rho = rho_inf - 2 t beta2^t / (1 - beta2^t) at t = step + 1,
//   r = rho > 4 ? sqrt((rho - 4)(rho - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho)) : 0
// Not in the algorithm: epsilon, which stands where Adam has it, and the decoupled weight decay, which is that of the
// authors' released code. That code also waits for rho >= 5; here it is the paper's rho > 4.
#pragma once

#include <string>

#include "engine/ops/optimizer.hpp"

namespace lowtide::ops {

struct RadamOpParams {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  uint32_t first_block = 0;
  uint32_t block_count = 0;
};

extern const graph::OpInfo
    kRadamOp;  // gradients, step block, attributes[, gradient scale []] -> parameters, moment0, moment1 (in place)

// r of optimiser step `step`, from 0.
double radam_rectification(double beta2, uint64_t step);

// The range of `params` is taken from `inputs`.
Result<void> radam(graph::Graph& graph, std::string name, const OptimizerInputs& inputs, RadamOpParams params);

}  // namespace lowtide::ops
