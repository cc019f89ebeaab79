// SPDX-License-Identifier: Apache-2.0
// Thresholds come from the device, as one small value per tensor: in evaluation they depend on parameters and state
// alone, so exporting reads the numbers that evaluation compares with.
#include "trainer/nets/threshold_operands.hpp"

#include "engine/ops/quantize/quantize.hpp"
#include "engine/ops/quantize_threshold/quantize_threshold.hpp"
#include "trainer/methods/aqe.hpp"
#include "trainer/nets/blocks.hpp"
#include "trainer/nets/estimators.hpp"

namespace lowtide::trainer {
namespace {

constexpr double kTwnFactor = 0.7;  // Li et al. 2016: the threshold is about 0.7 mean |w|

// The recipe's thresholds rise, the quantiser's fall.
quant::ShiftThresholds falling(const std::vector<double>& thresholds) {
  quant::ShiftThresholds out = {};
  for (size_t i = 0; i < thresholds.size(); ++i) {
    out[thresholds.size() - 1 - i] = static_cast<float>(thresholds[i]);
  }
  return out;
}

quant::ShiftThresholds thresholds_of(const ThresholdOptions& options, uint32_t bits) {
  return falling(bits == 2 ? options.two_bits : (bits == 3 ? options.three_bits : options.four_bits));
}

float window(const LayerPrecision& precision) {
  return static_cast<float>(precision.clip_window);
}

ValueId magnitude(NetContext& net, const std::string& name, ValueId x, ops::Magnitude kind) {
  if (net.has_failed()) return {};
  return net.keep(append_one(net.graph(), ops::kQuantizeMagnitudeDetachedOp, name,
                             ops::QuantizeMagnitudeOpParams{.magnitude = kind}, {x}));
}

ValueId values(NetContext& net, const std::string& name, uint32_t bits, const quant::ShiftThresholds& thresholds,
               ValueId base) {
  if (net.has_failed()) return {};
  return net.keep(ops::threshold_values(net.graph(), name + "/thresholds", bits, thresholds, base));
}

ValueId levels(NetContext& net, const std::string& name, ValueId x, ValueId thresholds, uint32_t bits, float window,
               ValueId scale = {}) {
  if (net.has_failed()) return {};
  return net.keep(ops::quantize_threshold(net.graph(), name, x, thresholds, {.bits = bits, .window = window}, scale));
}

// The largest magnitude that training has seen at this place.
ValueId running_maximum(NetContext& net, const std::string& layer, const std::string& name, ValueId x) {
  const size_t first = net.parameters().size();
  const ValueId running = net.state(layer + ".activation_maximum", Shape{}, Initializer::zeros);
  net.set_hand_over(first, HandOver::optional);
  if (net.has_failed() || !net.is_training()) return running;
  const ValueId now = magnitude(net, name + "/maximum", x, ops::Magnitude::max);
  if (net.has_failed()) return {};
  return net.keep(ops::running_maximum(net.graph(), name + "/running", now, running));
}

LayerOperand twn_weights(NetContext& net, const std::string& name, ValueId w, const LayerPrecision& precision) {
  const ValueId mean = magnitude(net, name + "/mean", w, ops::Magnitude::mean);
  const ValueId thresholds = values(net, name, 2, falling({kTwnFactor}), mean);
  if (net.has_failed()) return {};
  const ValueId scale = net.keep(ops::ternary_scale(net.graph(), name + "/scale", w, thresholds));
  const ValueId out = levels(net, name, w, thresholds, 2, window(precision), scale);
  return {.value = estimated(net, name, precision.weight_estimator, w, out, 1.0f, precision.clip_window),
          .step = 1.0f,
          .scale = scale};
}

}  // namespace

LayerOperand threshold_input(NetContext& net, const std::string& layer, const Signal& x,
                             const LayerPrecision& precision) {
  const std::string name = layer + "/x";
  const uint32_t bits = precision.activation_bits;
  const bool is_relative = bits > 1 && precision.thresholds.activation_rule == ThresholdRule::max_relative;
  const Estimator estimator = precision.activation_estimator;
  // Levels and gradients need no hard tanh in front, maxima and blends do.
  const bool is_bounded = is_relative || has_blend(estimator);
  const ValueId in = is_bounded ? activate(net, name + "/activation", x).value : x.value;
  if (net.has_failed()) return {};
  if (bits == 1) {
    const ValueId signs = net.keep(ops::quantize_activation_signs(net.graph(), name, in, window(precision)));
    return {.value = estimated(net, name, estimator, in, signs, 1.0f, precision.clip_window)};
  }
  const ValueId base = is_relative ? running_maximum(net, layer, name, in) : ValueId();
  const ValueId thresholds = values(net, name, bits, thresholds_of(precision.thresholds, bits), base);
  const ValueId out = levels(net, name, in, thresholds, bits, window(precision));
  const float step = ops::threshold_step(bits);
  return {.value = estimated(net, name, estimator, in, out, step, precision.clip_window), .step = step};
}

LayerOperand threshold_weights(NetContext& net, const std::string& layer, ValueId w, const LayerPrecision& precision) {
  const std::string name = layer + "/w";
  const uint32_t bits = precision.weight_bits;
  const Estimator estimator = precision.weight_estimator;
  if (net.has_failed()) return {};
  if (precision.weight_quantizer == WeightQuantizer::twn) return twn_weights(net, name, w, precision);
  if (bits == 1) {
    const ValueId signs = net.keep(ops::quantize_activation_signs(net.graph(), name, w, window(precision)));
    return {.value = estimated(net, name, estimator, w, signs, 1.0f, precision.clip_window)};
  }
  quant::ShiftThresholds fractions = thresholds_of(precision.thresholds, bits);
  ValueId base;
  if (precision.thresholds.weight_rule == ThresholdRule::max_relative) {
    base = magnitude(net, name + "/maximum", w, ops::Magnitude::max);
  } else if (precision.thresholds.weight_rule == ThresholdRule::twn) {
    base = magnitude(net, name + "/mean", w, ops::Magnitude::mean);
    fractions = falling({kTwnFactor});
  }
  const ValueId out = levels(net, name, w, values(net, name, bits, fractions, base), bits, window(precision));
  const float step = ops::threshold_step(bits);
  return {.value = estimated(net, name, estimator, w, out, step, precision.clip_window), .step = step};
}

}  // namespace lowtide::trainer
