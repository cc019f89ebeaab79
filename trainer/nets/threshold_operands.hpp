// SPDX-License-Identifier: Apache-2.0
// Operands of the threshold quantisers (signs, ternary, power-of-two staircases) and of TWN.
#pragma once

#include <string>

#include "trainer/nets/layer_operands.hpp"

namespace lowtide::trainer {

// Nodes below L/x: activation (hard tanh, where its bounds matter), maximum, running, thresholds, estimate. The running
// maximum is the state L.activation_maximum.
LayerOperand threshold_input(NetContext& net, const std::string& layer, const Signal& x,
                             const LayerPrecision& precision);

// Nodes below L/w: maximum or mean, thresholds, scale (TWN), estimate.
LayerOperand threshold_weights(NetContext& net, const std::string& layer, ValueId w, const LayerPrecision& precision);

}  // namespace lowtide::trainer
