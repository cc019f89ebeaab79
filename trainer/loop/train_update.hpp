// SPDX-License-Identifier: Apache-2.0
// The update of one network of a training step. Private to the step.
#pragma once

#include <span>

#include "trainer/loop/train_step.hpp"
#include "trainer/methods/guided.hpp"

namespace lowtide::trainer {

// The blocks of a network whose gradients are there, and their norm.
struct NetworkGradient {
  ValueId norm;
  ValueId scale;  // what gradients are multiplied by; NaN where the norm is not finite
  uint32_t first_block = 0;
  uint32_t block_count = 0;
};

// Appends the gradient norm of a network and the attributes of its blocks. Networks come in the order in which their
// parameters were made. `loss_scale`: a dynamic one, f32 [].
Result<NetworkGradient> add_gradient_norm(TrainGraph& train, const GuidedNetwork& network,
                                          std::span<const NetParameter> parameters, ValueId loss_scale = {});

// Appends the optimiser, when all networks have their gradient norms. Where `scale` is not finite nothing changes.
Result<void> add_update(TrainGraph& train, const GuidedNetwork& network, std::span<const NetParameter> parameters,
                        const NetworkGradient& gradient, ValueId scale);

}  // namespace lowtide::trainer
