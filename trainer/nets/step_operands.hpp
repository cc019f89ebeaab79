// SPDX-License-Identifier: Apache-2.0
// Operands whose quantisers learn their step: lsq, pact, uniq (trainer/methods/learned_step.hpp). real = value * step *
// scale, where the scale is the learned step; the quantiser's own gradient accounts for it, so it is a constant here.
#pragma once

#include <string>

#include "trainer/nets/layer_operands.hpp"

namespace lowtide::trainer {

// Asks for "<layer>.x_step" or "<layer>.x_clip". While steps are calibrated the input stays real, and what its step
// starts from becomes a metric, named magnitude_name(parameter).
LayerOperand step_input(NetContext& net, const std::string& layer, const Signal& x, const LayerPrecision& precision);

// w: the latents "<layer>.weight". Asks for "<layer>.w_step".
LayerOperand step_weights(NetContext& net, const std::string& layer, ValueId w, const LayerPrecision& precision);

std::string magnitude_name(const std::string& parameter);

}  // namespace lowtide::trainer
