// SPDX-License-Identifier: Apache-2.0
// The update of one network of a training step. Private to the step.
#pragma once

#include <span>

#include "trainer/loop/train_step.hpp"
#include "trainer/methods/guided.hpp"

namespace lowtide::trainer {

// Appends gradient norm and optimiser of a network whose gradients are there, and the attributes of its blocks.
// Networks come in the order in which their parameters were made. Returns the norm.
Result<ValueId> add_update(TrainGraph& train, const GuidedNetwork& network, std::span<const NetParameter> parameters);

}  // namespace lowtide::trainer
