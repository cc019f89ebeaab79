// SPDX-License-Identifier: Apache-2.0
// Where steps and scales go: into the convolution while training, into the folded norm in evaluation.
#include "trainer/nets/layer_product.hpp"

#include "engine/ops/add/add.hpp"
#include "engine/ops/affine/affine.hpp"
#include "engine/ops/batch_norm/batch_norm.hpp"
#include "engine/ops/scale/scale.hpp"

namespace lowtide::trainer {
namespace {

LayerProduct multiply_operands(NetContext& net, const std::string& name, const LayerOperand& x, const LayerOperand& w,
                               bool is_folded, const Multiply& multiply) {
  const ValueId scale = product_scale(net, name, x, w);
  const float step = x.step * w.step;
  if (net.has_failed()) return {};
  const ValueId y = net.keep(multiply(name, x.value, w, is_folded ? 1.0f : step));
  if (net.has_failed()) return {};
  if (is_folded) return {y, step, scale};
  if (!scale.is_valid()) return {y};
  return {net.keep(ops::scale(net.graph(), name + "/scale", y, scale))};
}

}  // namespace

LayerProduct layer_product(NetContext& net, const LayerSpec& spec, const LayerInput& x, const Multiply& multiply) {
  if (net.has_failed()) return {};
  const LayerOperand w = layer_weights(net, spec.name, spec.shape, spec.initializer, spec.precision);
  const bool is_folded = spec.has_norm && !net.is_training();
  const LayerProduct y = multiply_operands(net, spec.name, x.main, w, is_folded, multiply);
  if (net.has_failed() || !x.beside.value.is_valid()) return y;
  LOWTIDE_CHECK(net.is_training(), "evaluation has no branches");
  const std::string name = spec.name + ".expanded";
  const size_t first = net.parameters().size();
  const LayerOperand w2 = layer_weights(net, name, spec.shape, spec.initializer, spec.precision);
  net.set_hand_over(first, HandOver::optional);
  const LayerProduct y2 = multiply_operands(net, name, x.beside, w2, false, multiply);
  if (net.has_failed()) return {};
  return {net.keep(ops::add(net.graph(), spec.name + "/sum", y.value, y2.value))};
}

ValueId layer_norm(NetContext& net, const std::string& layer, const LayerProduct& x) {
  if (net.has_failed()) return {};
  const Shape channels{net.graph().desc(x.value).shape.last()};
  const ops::BatchNormValues values = {
      .gamma = net.parameter(layer + ".gamma", channels, ParameterKind::norm, Initializer::ones),
      .beta = net.parameter(layer + ".beta", channels, ParameterKind::norm, Initializer::zeros),
      .running_mean = net.state(layer + ".running_mean", channels, Initializer::zeros),
      .running_variance = net.state(layer + ".running_var", channels, Initializer::ones)};
  const auto epsilon = static_cast<float>(net.network().batch_norm_epsilon);
  if (net.is_training()) {
    auto batch = ops::batch_norm(net.graph(), layer + "/norm", x.value, values, {.epsilon = epsilon});
    if (!batch) {
      net.set_error(std::move(batch).error());
      return {};
    }
    net.add_norm_update({.name = net.graph().scope() + layer + "/running",
                         .values = values,
                         .batch = *batch,
                         .momentum = static_cast<float>(net.network().batch_norm_momentum)});
    return batch->y;
  }
  auto folded =
      ops::batch_norm_fold(net.graph(), layer + "/fold", values, {.epsilon = epsilon, .input_scale = x.step}, x.scale);
  if (!folded) {
    net.set_error(std::move(folded).error());
    return {};
  }
  return net.keep(ops::affine(net.graph(), layer + "/norm", x.value, folded->multiplier, folded->offset));
}

}  // namespace lowtide::trainer
