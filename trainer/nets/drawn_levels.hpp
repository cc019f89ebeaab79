// SPDX-License-Identifier: Apache-2.0
// Operands of stochastic precision (trainer/methods/stochastic.hpp).
#pragma once

#include <string>

#include "trainer/nets/net.hpp"

namespace lowtide::trainer {

// `levels` of the quantiser `name` ("<layer>/x" or "<layer>/w"). In training, where the phase draws: those or the same
// without rounding, by the draw of the layer's block.
ValueId drawn_levels(NetContext& net, const std::string& name, ValueId levels);

}  // namespace lowtide::trainer
