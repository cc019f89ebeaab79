// SPDX-License-Identifier: Apache-2.0
// From the recipe's words to the ops of quantisers.
#include "trainer/nets/layer_operands.hpp"

#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/scale/scale.hpp"
#include "trainer/nets/blocks.hpp"

namespace lowtide::trainer {
namespace {

ops::WeightQuantizer weight_quantizer(const NetContext& net, const LayerPrecision& precision) {
  using Kind = ops::WeightQuantizer::Kind;
  const WeightQuantizer kind = precision.weight_quantizer;
  const bool is_sign = kind == WeightQuantizer::sign || kind == WeightQuantizer::sign_channel;
  ops::WeightQuantizer out;
  out.kind = is_sign ? Kind::sign : Kind::dorefa;
  out.bits = precision.weight_bits;
  out.detach_maximum = kind == WeightQuantizer::dorefa_detached;
  out.per_channel = kind == WeightQuantizer::sign_channel;
  out.window = static_cast<float>(net.quantization().clip_window);
  return out;
}

}  // namespace

LayerOperand layer_input(NetContext& net, const std::string& layer, const Signal& x, const LayerPrecision& precision) {
  const std::string name = layer + "/x";
  const bool is_float = x.is_image || precision.activation_bits == kFloatBits ||
                        precision.activation_quantizer == ActivationQuantizer::none;
  if (is_float) return {.value = activate(net, name, x).value};
  if (precision.activation_quantizer == ActivationQuantizer::sign) {
    const auto window = static_cast<float>(net.quantization().clip_window);
    return {.value = net.keep(ops::quantize_activation_signs(net.graph(), name, x.value, window))};
  }
  return {.value = net.keep(ops::quantize_activations(net.graph(), name, x.value, precision.activation_bits)),
          .step = quant::level_step(precision.activation_bits)};
}

LayerOperand layer_weights(NetContext& net, const std::string& layer, const Shape& shape, Initializer initializer,
                           const LayerPrecision& precision) {
  const ValueId w = net.parameter(layer + ".weight", shape, ParameterKind::weight, initializer, precision.weight_bits);
  if (precision.weight_bits == kFloatBits) return {.value = w};
  auto quantized = ops::quantize_weights(net.graph(), layer + "/w", w, weight_quantizer(net, precision));
  if (quantized) return {.value = quantized->levels, .step = quantized->step, .scale = quantized->scale};
  net.set_error(std::move(quantized).error());
  return {};
}

ValueId product_scale(NetContext& net, const std::string& layer, const LayerOperand& x, const LayerOperand& w) {
  if (net.has_failed() || !x.scale.is_valid()) return w.scale;
  if (!w.scale.is_valid()) return x.scale;
  return net.keep(ops::scale(net.graph(), layer + "/product_scale", w.scale, x.scale));
}

}  // namespace lowtide::trainer
