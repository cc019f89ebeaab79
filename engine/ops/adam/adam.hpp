// SPDX-License-Identifier: Apache-2.0
// adam: Adam (Kingma and Ba 2015, algorithm 1) and AdamW (Loshchilov and Hutter 2019, algorithm 2) for a range of
// parameter blocks:
//   g = gradient_scale / loss_scale * dw  (+ weight_decay * w, Adam only)
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//   w = clip(w - rate ((m / c1) / (sqrt(v / c2) + epsilon) + (AdamW only) weight_decay * w))
// c1 = 1 - beta1^(step + 1) and c2 likewise come from the step block, where the host computes them in double; like the
// rate there is a first and a second set, of which the block's attributes choose.
#pragma once

#include <string>

#include "engine/ops/optimizer.hpp"

namespace lowtide::ops {

struct AdamOpParams {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  uint32_t decoupled = 0;  // 1: AdamW
  uint32_t first_block = 0;
  uint32_t block_count = 0;
};

extern const graph::OpInfo
    kAdamOp;  // gradients, step block, attributes[, gradient scale []] -> parameters, moment0, moment1 (in place)

// The range of `params` is taken from `inputs`.
Result<void> adam(graph::Graph& graph, std::string name, const OptimizerInputs& inputs, AdamOpParams params);

}  // namespace lowtide::ops
