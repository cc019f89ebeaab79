// SPDX-License-Identifier: Apache-2.0
// The middle of a layer: its input times its weights, and the batch norm behind. Private to the blocks.
#pragma once

#include <functional>
#include <string>

#include "trainer/nets/layer_operands.hpp"

namespace lowtide::trainer {

// The input of a layer: `main` is all of it, but where EXP-Net concatenates, `beside` is the other half.
struct LayerInput {
  LayerOperand main;
  LayerOperand beside = {};  // value invalid: none
};

struct LayerSpec {
  std::string name;
  Shape shape;  // of the weights, [k, ...]
  Initializer initializer = Initializer::kaiming;
  LayerPrecision precision = {};
  bool has_norm = true;
};

// conv2d or linear: (name, x, w, output_scale) -> y; of w the value and the tap scale.
using Multiply = std::function<Result<ValueId>(const std::string&, ValueId, const LayerOperand&, float)>;

// real = value * step * scale. In front of a norm evaluation keeps the exact accumulator and leaves steps and scales to
// the norm; otherwise they are applied and nothing is left.
struct LayerProduct {
  ValueId value;
  float step = 1.0f;
  ValueId scale = {};
};

// Asks for the weights "<name>.weight" and multiplies. `beside` has weights of its own, "<name>.expanded.weight", of
// the same shape, and its product is added.
LayerProduct layer_product(NetContext& net, const LayerSpec& spec, const LayerInput& x, const Multiply& multiply);

// Batch norm along channels; its parameters are "<layer>.gamma", ".beta", ".running_mean", ".running_var".
ValueId layer_norm(NetContext& net, const std::string& layer, const LayerProduct& x);

}  // namespace lowtide::trainer
