// SPDX-License-Identifier: Apache-2.0
// Layers out of ops. Weights and activations become levels right in front of the convolution that multiplies them; all
// that travels between blocks is real numbers.
#include "trainer/nets/blocks.hpp"

#include "engine/ops/affine/affine.hpp"
#include "engine/ops/batch_norm/batch_norm.hpp"
#include "engine/ops/bias/bias.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/reshape/reshape.hpp"
#include "engine/ops/scale/scale.hpp"
#include "trainer/nets/layer_operands.hpp"

namespace lowtide::trainer {
namespace {

// Batch norm of y = step * scale * accumulator. Training: y is there; evaluation: the accumulator is.
ValueId norm(NetContext& net, const std::string& layer, ValueId x, float step, ValueId scale) {
  const Shape channels{net.graph().desc(x).shape.last()};
  const ops::BatchNormValues values = {
      .gamma = net.parameter(layer + ".gamma", channels, ParameterKind::norm, Initializer::ones),
      .beta = net.parameter(layer + ".beta", channels, ParameterKind::norm, Initializer::zeros),
      .running_mean = net.state(layer + ".running_mean", channels, Initializer::zeros),
      .running_variance = net.state(layer + ".running_var", channels, Initializer::ones)};
  const auto epsilon = static_cast<float>(net.network().batch_norm_epsilon);
  if (net.is_training()) {
    const auto momentum = static_cast<float>(net.network().batch_norm_momentum);
    return net.keep(
        ops::batch_norm(net.graph(), layer + "/norm", x, values, {.epsilon = epsilon, .momentum = momentum}));
  }
  auto folded =
      ops::batch_norm_fold(net.graph(), layer + "/fold", values, {.epsilon = epsilon, .input_scale = step}, scale);
  if (!folded) {
    net.set_error(std::move(folded).error());
    return {};
  }
  return net.keep(ops::affine(net.graph(), layer + "/norm", x, folded->multiplier, folded->offset));
}

// What the convolution leaves to do: in front of a norm evaluation keeps the accumulator as it is.
struct OutputScale {
  float now = 1.0f;     // applied by the convolution
  float folded = 1.0f;  // left to the norm
};
OutputScale output_scale(const NetContext& net, float step, bool has_norm) {
  return has_norm && !net.is_training() ? OutputScale{1.0f, step} : OutputScale{step, 1.0f};
}

// The dynamic scale of sign weights, where the norm does not take it.
ValueId apply_scale(NetContext& net, const std::string& layer, ValueId x, ValueId scale, bool has_norm) {
  const bool is_folded = has_norm && !net.is_training();
  if (net.has_failed() || !scale.is_valid() || is_folded) return x;
  return net.keep(ops::scale(net.graph(), layer + "/scale", x, scale));
}

}  // namespace

Signal conv(NetContext& net, const std::string& name, Signal x, const ConvOptions& options) {
  if (net.has_failed()) return {};
  const uint32_t inputs = net.desc(x).shape.last();
  const LayerPrecision precision = layer_precision(net.quantization(), name, options.position);
  const LayerOperand in = layer_input(net, name, x, precision);
  const Shape shape{options.channels, options.kernel, options.kernel, inputs};
  const LayerOperand w = layer_weights(net, name, shape, options.initializer, precision);
  if (net.has_failed()) return {};

  const ValueId product = product_scale(net, name, in, w);
  const OutputScale scale = output_scale(net, in.step * w.step, true);
  ValueId y = net.keep(ops::conv2d(net.graph(), name, in.value, w.value,
                                   {.stride_h = options.stride,
                                    .stride_w = options.stride,
                                    .pad_h = options.padding,
                                    .pad_w = options.padding,
                                    .output_scale = scale.now}));
  if (net.has_failed()) return {};
  const Shape out = net.graph().desc(y).shape;
  net.add_layer({.name = name,
                 .precision = precision,
                 .is_image_input = x.is_image,
                 .weight_count = shape.element_count(),
                 .multiply_adds = uint64_t{out[1]} * out[2] * shape.element_count()});
  y = apply_scale(net, name, y, product, true);
  if (options.pool > 1) {
    y = max_pool(net, name + "/pool", {.value = y}, options.pool, options.pool).value;
  }
  if (net.has_failed()) return {};
  y = norm(net, name, y, scale.folded, product);
  return {.value = y, .pending = net.hidden_activation(options.activation)};
}

Signal linear(NetContext& net, const std::string& name, Signal x, const LinearOptions& options) {
  if (net.has_failed()) return {};
  if (net.desc(x).shape.rank() != 2) x.value = net.keep(ops::flatten(net.graph(), name + "/flatten", x.value));
  if (net.has_failed()) return {};
  const uint32_t inputs = net.desc(x).shape.last();
  const LayerPrecision precision = layer_precision(net.quantization(), name, options.position);
  const LayerOperand in = layer_input(net, name, x, precision);
  const Shape shape{options.channels, inputs};
  const LayerOperand w = layer_weights(net, name, shape, options.initializer, precision);
  if (net.has_failed()) return {};

  const ValueId product = product_scale(net, name, in, w);
  const OutputScale scale = output_scale(net, in.step * w.step, options.norm);
  ValueId y = net.keep(ops::linear(net.graph(), name, in.value, w.value, {.output_scale = scale.now}));
  if (net.has_failed()) return {};
  net.add_layer({.name = name,
                 .precision = precision,
                 .is_image_input = x.is_image,
                 .weight_count = shape.element_count(),
                 .multiply_adds = shape.element_count()});
  y = apply_scale(net, name, y, product, options.norm);
  if (net.has_failed()) return {};
  if (options.norm) {
    y = norm(net, name, y, scale.folded, product);
  } else {
    const ValueId b = net.parameter(name + ".bias", Shape{options.channels}, ParameterKind::bias, Initializer::zeros);
    y = net.keep(ops::bias(net.graph(), name + "/bias", y, b));
  }
  return {.value = y, .pending = net.hidden_activation(options.activation)};
}

}  // namespace lowtide::trainer
