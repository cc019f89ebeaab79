// SPDX-License-Identifier: Apache-2.0
// From the recipe's words to the ops of quantisers.
#include "trainer/nets/layer_operands.hpp"

#include "engine/ops/clip/clip.hpp"
#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/scale/scale.hpp"
#include "trainer/methods/aqe.hpp"
#include "trainer/nets/blocks.hpp"
#include "trainer/nets/drawn_levels.hpp"
#include "trainer/nets/estimators.hpp"
#include "trainer/nets/shift_operands.hpp"
#include "trainer/nets/step_operands.hpp"
#include "trainer/nets/syq_operands.hpp"
#include "trainer/nets/threshold_operands.hpp"

namespace lowtide::trainer {
namespace {

ops::WeightQuantizer weight_quantizer(const LayerPrecision& precision) {
  using Kind = ops::WeightQuantizer::Kind;
  const WeightQuantizer kind = precision.weight_quantizer;
  const bool is_sign = kind == WeightQuantizer::sign || kind == WeightQuantizer::sign_channel;
  ops::WeightQuantizer out;
  out.kind = is_sign ? Kind::sign : Kind::dorefa;
  out.bits = precision.weight_bits;
  out.detach_maximum = kind == WeightQuantizer::dorefa_detached;
  out.per_channel = kind == WeightQuantizer::sign_channel;
  out.window = static_cast<float>(precision.clip_window);
  return out;
}

// A blend needs the hard tanh in front, levels do not.
LayerOperand sign_input(NetContext& net, const std::string& name, const Signal& x, const LayerPrecision& precision) {
  const Estimator estimator = precision.activation_estimator;
  const auto window = static_cast<float>(precision.clip_window);
  const ValueId in = has_blend(estimator) ? activate(net, name + "/activation", x).value : x.value;
  if (net.has_failed()) return {};
  const ValueId signs = net.keep(ops::quantize_activation_signs(net.graph(), name, in, window));
  return {.value = estimated(net, name, estimator, in, signs, 1.0f, precision.clip_window)};
}

// The quantiser includes the clip to [0, 1]; what an estimator takes for x must be clipped too.
LayerOperand dorefa_input(NetContext& net, const std::string& name, const Signal& x, const LayerPrecision& precision) {
  const Estimator estimator = precision.activation_estimator;
  const float step = quant::level_step(precision.activation_bits);
  ValueId in = x.value;
  if (net.is_training() && estimator != Estimator::own) {
    in = net.keep(ops::clip(net.graph(), name + "/clip", in, 0.0f, 1.0f));
    if (net.has_failed()) return {};
  }
  ValueId levels = net.keep(ops::quantize_activations(net.graph(), name, in, precision.activation_bits));
  levels = drawn_levels(net, name, levels);
  return {.value = estimated(net, name, estimator, in, levels, step, precision.clip_window), .step = step};
}

// Pixels are their own levels: pixel / 255 of evaluation becomes the pixel again, whatever quantises activations.
LayerOperand image_input(NetContext& net, const std::string& name, ValueId image, uint32_t bits) {
  if (bits == kFloatBits) return {.value = image};
  return {.value = net.keep(ops::quantize_activations(net.graph(), name, image, bits)),
          .step = quant::level_step(bits)};
}

bool has_thresholds(WeightQuantizer quantizer) {
  return quantizer == WeightQuantizer::threshold || quantizer == WeightQuantizer::twn;
}

}  // namespace

LayerOperand layer_input(NetContext& net, const std::string& layer, const Signal& real,
                         const LayerPrecision& precision) {
  const std::string name = layer + "/x";
  // No quantiser includes the magnitude.
  const Signal x = real.pending == Activation::magnitude ? activate(net, name + "/magnitude", real) : real;
  if (net.has_failed()) return {};
  if (x.is_image && x.pending == Activation::none) return image_input(net, name, x.value, precision.image_bits);
  if (precision.is_clipped && !x.is_image) {
    // What the quantiser does before it rounds, whatever activation is pending.
    const bool is_signed = precision.activation_quantizer == ActivationQuantizer::sign ||
                           precision.activation_quantizer == ActivationQuantizer::threshold;
    const float lowest = is_signed ? -1.0f : 0.0f;
    return {.value = net.keep(ops::clip(net.graph(), name, x.value, lowest, 1.0f))};
  }
  const bool is_float = x.is_image || precision.activation_bits == kFloatBits ||
                        precision.activation_quantizer == ActivationQuantizer::none;
  if (is_float) return {.value = activate(net, name, x).value};
  if (net.has_failed()) return {};
  if (has_learned_step(precision.activation_quantizer)) return step_input(net, layer, x, precision);
  switch (precision.activation_quantizer) {
    case ActivationQuantizer::threshold:
      return threshold_input(net, layer, x, precision);
    case ActivationQuantizer::sign:
      return sign_input(net, name, x, precision);
    default:
      return dorefa_input(net, name, x, precision);
  }
}

LayerOperand layer_weights(NetContext& net, const std::string& layer, const Shape& shape, Initializer initializer,
                           const LayerPrecision& precision) {
  const bool is_shift = precision.weight_bits != kFloatBits && is_shift_quantizer(precision.weight_quantizer);
  if (is_shift) return shift_weights(net, layer, shape, initializer, precision);
  const ValueId w = net.parameter(layer + ".weight", shape, ParameterKind::weight, initializer, precision.weight_bits);
  if (precision.weight_bits == kFloatBits) return {.value = w};
  if (has_learned_step(precision.weight_quantizer)) return step_weights(net, layer, w, precision);
  if (precision.weight_quantizer == WeightQuantizer::syq) return syq_weights(net, layer, w, precision);
  if (has_thresholds(precision.weight_quantizer)) return threshold_weights(net, layer, w, precision);
  const std::string name = layer + "/w";
  auto quantized = ops::quantize_weights(net.graph(), name, w, weight_quantizer(precision));
  if (!quantized) {
    net.set_error(std::move(quantized).error());
    return {};
  }
  const ValueId levels = drawn_levels(net, name, quantized->levels);
  return {.value = estimated(net, name, precision.weight_estimator, w, levels, quantized->step, precision.clip_window),
          .step = quantized->step,
          .scale = quantized->scale};
}

ValueId product_scale(NetContext& net, const std::string& layer, const LayerOperand& x, const LayerOperand& w) {
  if (net.has_failed() || !x.scale.is_valid()) return w.scale;
  if (!w.scale.is_valid()) return x.scale;
  return net.keep(ops::scale(net.graph(), layer + "/product_scale", w.scale, x.scale));
}

}  // namespace lowtide::trainer
