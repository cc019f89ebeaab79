// SPDX-License-Identifier: Apache-2.0
// The branches of EXP-Net (trainer/methods/exp_net.hpp) in a training graph. A branch v grows beside a convolution,
// travels with its signal and is merged, times f, behind the activation. Private to the blocks.
#pragma once

#include <string>

#include "trainer/nets/blocks.hpp"
#include "trainer/nets/layer_product.hpp"

namespace lowtide::trainer {

// Whether a convolution gets a branch.
bool is_expanded(const NetContext& net, const LayerPrecision& precision, LayerPosition position);

// x behind its activation, with its branch.
LayerInput merged_input(NetContext& net, const std::string& layer, const Signal& x, const LayerPrecision& precision);

// The branch of layer `spec.name`: v = norm(conv(x, w_fp)) behind the layer's pool. Parameters
// "<name>.ancillary.weight", "<name>.ancillary.gamma", ...
ValueId grow_branch(NetContext& net, LayerSpec spec, const LayerInput& x, const Multiply& multiply, uint32_t pool);

// activated + f branch or activated - f branch, as the recipe says; real numbers.
ValueId merge_branch(NetContext& net, const std::string& name, ValueId activated, ValueId branch);

}  // namespace lowtide::trainer
