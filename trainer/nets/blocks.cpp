// SPDX-License-Identifier: Apache-2.0
// Layers out of ops. Weights and activations become levels right in front of the convolution that multiplies them; all
// that travels between blocks is real numbers.
#include "trainer/nets/blocks.hpp"

#include "engine/ops/bias/bias.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/reshape/reshape.hpp"
#include "engine/ops/tap_conv2d/tap_conv2d.hpp"
#include "trainer/nets/expansion.hpp"
#include "trainer/nets/layer_product.hpp"

namespace lowtide::trainer {
namespace {

// [n, ...] -> [n, c], the branch too.
Signal flat(NetContext& net, const std::string& layer, Signal x) {
  if (net.desc(x).shape.rank() == 2) return x;
  x.value = net.keep(ops::flatten(net.graph(), layer + "/flatten", x.value));
  if (x.branch.is_valid()) x.branch = net.keep(ops::flatten(net.graph(), layer + "/flatten_branch", x.branch));
  return x;
}

}  // namespace

Signal conv(NetContext& net, const std::string& name, Signal x, const ConvOptions& options) {
  if (net.has_failed()) return {};
  const LayerSpec spec = {.name = name,
                          .shape = {options.channels, options.kernel, options.kernel, net.desc(x).shape.last()},
                          .initializer = options.initializer,
                          .precision = layer_precision(net.quantization(), name, options.position),
                          .has_norm = options.norm};
  const Multiply multiply = [&](const std::string& node, ValueId input, const LayerOperand& w, float output_scale) {
    const ops::Conv2dParams params = {.stride_h = options.stride,
                                      .stride_w = options.stride,
                                      .pad_h = options.padding,
                                      .pad_w = options.padding,
                                      .output_scale = output_scale,
                                      .operands = net.operands()};
    if (w.tap_scale.is_valid()) return ops::tap_conv2d(net.graph(), node, input, w.value, w.tap_scale, params);
    return ops::conv2d(net.graph(), node, input, w.value, params);
  };
  const LayerInput in = merged_input(net, name, x, spec.precision);
  LayerProduct y = layer_product(net, spec, in, multiply);
  if (net.has_failed()) return {};
  const Shape out = net.graph().desc(y.value).shape;
  net.add_layer({.name = name,
                 .precision = spec.precision,
                 .is_image_input = x.is_image,
                 .weight_count = spec.shape.element_count(),
                 .multiply_adds = uint64_t{out[1]} * out[2] * spec.shape.element_count()});
  if (options.pool > 1) y.value = max_pool(net, name + "/pool", {.value = y.value}, options.pool, options.pool).value;
  Signal signal = {.value = options.norm ? layer_norm(net, name, y) : y.value,
                   .pending = net.hidden_activation(options.activation)};
  if (options.norm && is_expanded(net, spec.precision, options.position)) {
    signal.branch = grow_branch(net, spec, in, multiply, options.pool);
  }
  return signal;
}

Signal linear(NetContext& net, const std::string& name, Signal x, const LinearOptions& options) {
  if (net.has_failed()) return {};
  x = flat(net, name, x);
  if (net.has_failed()) return {};
  const LayerSpec spec = {.name = name,
                          .shape = {options.channels, net.desc(x).shape.last()},
                          .initializer = options.initializer,
                          .precision = layer_precision(net.quantization(), name, options.position),
                          .has_norm = options.norm};
  const LayerInput in = merged_input(net, name, x, spec.precision);
  const LayerProduct y = layer_product(
      net, spec, in, [&](const std::string& node, ValueId input, const LayerOperand& w, float output_scale) {
        return ops::linear(net.graph(), node, input, w.value,
                           {.output_scale = output_scale, .operands = net.operands()});
      });
  if (net.has_failed()) return {};
  net.add_layer({.name = name,
                 .precision = spec.precision,
                 .is_image_input = x.is_image,
                 .weight_count = spec.shape.element_count(),
                 .multiply_adds = spec.shape.element_count()});
  Signal signal = {.pending = net.hidden_activation(options.activation)};
  if (options.norm) {
    signal.value = layer_norm(net, name, y);
  } else {
    const ValueId b = net.parameter(name + ".bias", Shape{options.channels}, ParameterKind::bias, Initializer::zeros);
    signal.value = net.keep(ops::bias(net.graph(), name + "/bias", y.value, b));
  }
  return signal;
}

Signal batch_norm(NetContext& net, const std::string& name, Signal x, Activation activation) {
  if (net.has_failed()) return {};
  LOWTIDE_CHECK(x.pending == Activation::none && !x.branch.is_valid(), "a norm of what is still to be activated");
  return {.value = layer_norm(net, name, {.value = x.value}), .pending = net.hidden_activation(activation)};
}

}  // namespace lowtide::trainer
