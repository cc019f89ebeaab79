// SPDX-License-Identifier: Apache-2.0
// sgd: stochastic gradient descent with momentum, for a range of parameter blocks:
//   g = gradient_scale / loss_scale * dw + weight_decay * w
//   m = momentum * m + g
//   w = clip(w - rate * (nesterov ? g + momentum * m : m))
// with rate = rate_scale times the step block's first or second rate, as the block's attributes say, and clip to
// [-latent_clip, latent_clip] where latent_clip > 0 (Sutskever et al. 2013).
#pragma once

#include <string>

#include "engine/ops/optimizer.hpp"

namespace lowtide::ops {

struct SgdOpParams {
  float momentum = 0;
  uint32_t nesterov = 0;
  uint32_t first_block = 0;
  uint32_t block_count = 0;
};

extern const graph::OpInfo
    kSgdOp;  // gradients, step block, attributes[, gradient scale []] -> parameters, moment0 (in place)

Result<void> sgd(graph::Graph& graph, std::string name, const OptimizerInputs& inputs, float momentum, bool nesterov);

}  // namespace lowtide::ops
