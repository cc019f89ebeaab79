// SPDX-License-Identifier: Apache-2.0
// Loss scaling of mixed precision (Micikevicius et al. 2018, "Mixed precision training", section 3.2): losses are
// multiplied by a power of two, so that small gradients do not vanish in f16, and the optimiser divides gradients by
// it.
//   fixed    the recipe's number; a gradient that overflows is what training.nan_policy says
//   dynamic  a number on the device that each step moves, without the host (engine/ops/loss_scale): a step whose
//            gradient overflows is left out and the scale halved; after loss_scale_interval steps that count it is
//            doubled. At the scale 1 an overflow is training.nan_policy's again.
// Ours: dynamic is refused where a quantiser adds a force of its own to the gradient (S3's dense regulariser,
// DeepShift's penalty), since those kernels take the scale from the host.
#pragma once

#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// training.loss_scaling and training.loss_scale, or their defaults.
LossScaling loss_scaling_of(const Phase& phase);
double loss_scale_of(const Phase& phase);

// Sentences about keys that contradict each other; `where` names the phase.
void check_loss_scaling(const std::string& where, const Phase& phase, std::vector<std::string>& out);

}  // namespace lowtide::trainer
