// SPDX-License-Identifier: Apache-2.0
// What a convolution or a linear layer multiplies: its input and its weights as the recipe's quantisers make them. One
// function for each; each family of quantisers has a file of its own behind them.
#pragma once

#include <string>

#include "trainer/nets/net.hpp"

namespace lowtide::trainer {

// real = value * step * scale. Levels are integers held in f32, so that their products sum up exactly.
struct LayerOperand {
  ValueId value;
  float step = 1.0f;   // static; the convolution multiplies with it
  ValueId scale = {};  // known on the device only: f32 [], or [k] for weights; invalid: none
  // Weights of convolutions in evaluation: a factor for each tap, f32 [r*s], on the sums of its products; invalid:
  // none.
  ValueId tap_scale = {};
};

// The input x of a layer, with its pending activation applied: by a quantiser that includes it, or in full precision.
LayerOperand layer_input(NetContext& net, const std::string& layer, const Signal& x, const LayerPrecision& precision);

// The weights of a layer, [k, ...], made from its parameters, which are asked for here.
LayerOperand layer_weights(NetContext& net, const std::string& layer, const Shape& shape, Initializer initializer,
                           const LayerPrecision& precision);

// The scale of the products, x.scale * w.scale, f32 [] or [k]; invalid where neither has one.
ValueId product_scale(NetContext& net, const std::string& layer, const LayerOperand& x, const LayerOperand& w);

}  // namespace lowtide::trainer
