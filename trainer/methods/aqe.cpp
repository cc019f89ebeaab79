// SPDX-License-Identifier: Apache-2.0
// The schedule and the checks of AQE. Its layers are made in trainer/nets/threshold_operands.cpp and estimators.cpp.
#include "trainer/methods/aqe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/quant/quantizer.hpp"
#include "trainer/schedule/scalar.hpp"

namespace lowtide::trainer {
namespace {

using Sentences = std::vector<std::string>;

// Whether an estimator of which `is_meant` is true stands anywhere.
bool any_estimator(const QuantizationOptions& q, bool (*is_meant)(Estimator)) {
  return is_meant(q.weight_estimator) || is_meant(q.activation_estimator) ||
         std::any_of(q.layers.begin(), q.layers.end(), [&](const LayerQuantization& layer) {
           return is_meant(layer.weight_estimator.value_or(Estimator::own)) ||
                  is_meant(layer.activation_estimator.value_or(Estimator::own));
         });
}

// Which estimators stand behind which quantisers. A blend needs levels with a static step.
bool fits(Estimator estimator, WeightQuantizer quantizer, uint32_t bits) {
  const bool is_threshold = quantizer == WeightQuantizer::threshold;
  const bool is_sign = quantizer == WeightQuantizer::sign || quantizer == WeightQuantizer::sign_channel;
  if (estimator == Estimator::own) return true;
  if (has_blend(estimator)) return is_threshold;
  if (estimator == Estimator::bireal) return bits == 1 && (is_threshold || is_sign);
  return is_threshold || is_sign || quantizer == WeightQuantizer::twn;
}

bool fits(Estimator estimator, ActivationQuantizer quantizer, uint32_t bits) {
  const bool is_threshold = quantizer == ActivationQuantizer::threshold;
  const bool is_sign = quantizer == ActivationQuantizer::sign;
  if (estimator == Estimator::own) return true;
  if (estimator == Estimator::bireal) return bits == 1 && (is_threshold || is_sign);
  return is_threshold || is_sign || quantizer == ActivationQuantizer::dorefa;
}

const char* wish_of(Estimator estimator) {
  if (has_blend(estimator)) return "blends levels of a static step with the value itself";
  return estimator == Estimator::bireal ? "is the gradient of a sign" : "scales by the distance to a level";
}

void check_weights(const std::string& where, const LayerPrecision& p, Sentences& out) {
  if (p.weight_bits == kFloatBits) return;
  const bool is_threshold = p.weight_quantizer == WeightQuantizer::threshold;
  if (is_threshold && p.thresholds.weight_rule == ThresholdRule::twn && p.weight_bits != 2) {
    out.push_back(
        fmt::format("{}: weight_threshold_rule = \"twn\" is ternary, but the weights have {} bits; use 2 bits "
                    "or \"max_relative\"",
                    where, p.weight_bits));
  }
  if (!fits(p.weight_estimator, p.weight_quantizer, p.weight_bits)) {
    out.push_back(
        fmt::format("{}: weight_estimator = \"{}\" {}, but weight_quantizer is \"{}\" with {} bits; use \"own\" "
                    "or another quantizer",
                    where, to_string(p.weight_estimator), wish_of(p.weight_estimator), to_string(p.weight_quantizer),
                    p.weight_bits));
  }
}

void check_activations(const std::string& where, const LayerPrecision& p, Sentences& out) {
  if (p.activation_bits == kFloatBits) return;
  if (!fits(p.activation_estimator, p.activation_quantizer, p.activation_bits)) {
    out.push_back(
        fmt::format("{}: activation_estimator = \"{}\" {}, but activation_quantizer is \"{}\" with {} bits; use "
                    "\"own\" or another quantizer",
                    where, to_string(p.activation_estimator), wish_of(p.activation_estimator),
                    to_string(p.activation_quantizer), p.activation_bits));
  }
}

void check_list(const std::string& where, uint32_t bits, const std::vector<double>& thresholds, Sentences& out) {
  const uint32_t count = quant::shift_magnitudes(bits);
  const bool rises = std::adjacent_find(thresholds.begin(), thresholds.end(), std::greater<>()) == thresholds.end();
  const bool is_positive =
      std::all_of(thresholds.begin(), thresholds.end(), [](double t) { return t > 0 && t <= 1e3; });
  if (thresholds.size() == count && rises && is_positive) return;
  out.push_back(
      fmt::format("{}.thresholds_{}bit must hold {} numbers above 0 that rise, one for each step of the "
                  "staircase",
                  where, bits, count));
}

void check_layers(const std::string& where, const QuantizationOptions& q, Sentences& out) {
  const auto check = [&](const std::string& place, const LayerPrecision& p) {
    check_weights(place, p, out);
    check_activations(place, p, out);
  };
  QuantizationOptions base = q;
  base.layers.clear();
  check(where, layer_precision(base, "", LayerPosition::inner));
  check_weights(where + ".first_layer", layer_precision(base, "", LayerPosition::first), out);
  check(where + ".last_layer", layer_precision(base, "", LayerPosition::last));
  for (size_t i = 0; i < q.layers.size(); ++i) {
    base.layers = {q.layers[i]};
    base.layers[0].pattern = "*";
    const std::string place = fmt::format("{}.layers entry {}", where, i);
    const LayerPrecision p = layer_precision(base, "", LayerPosition::inner);
    check(place, p);
    check_list(place, 2, p.thresholds.two_bits, out);
    check_list(place, 3, p.thresholds.three_bits, out);
    check_list(place, 4, p.thresholds.four_bits, out);
  }
}

void check_blend(const std::string& where, const Phase& phase, Sentences& out) {
  const BlendOptions& blend = phase.blend;
  if (blend != BlendOptions{} && !any_blends(phase.quantization)) {
    out.push_back(where +
                  "blend schedules alpha, but neither quantization.weight_estimator nor activation_estimator is "
                  "\"aqe_g1\", \"aqe_g2\" or \"aqe_g3\"; name one of them or leave [blend] out");
  }
  if (blend.schedule != BlendSchedule::constant && blend.from > blend.to) {
    out.push_back(fmt::format("{}blend.from is {}, above blend.to = {}; alpha rises towards the quantised network",
                              where, blend.from, blend.to));
  }
  if (blend.schedule == BlendSchedule::geometric && blend.from == 0) {
    out.push_back(where +
                  "blend.schedule = \"geometric\" multiplies, but blend.from is 0; start above 0 or use "
                  "\"linear\"");
  }
}

}  // namespace

bool has_blend(Estimator estimator) {
  return estimator == Estimator::aqe_g1 || estimator == Estimator::aqe_g2 || estimator == Estimator::aqe_g3;
}

bool any_blends(const QuantizationOptions& q) {
  return any_estimator(q, has_blend);
}

double blend_at(const Phase& phase, uint64_t steps_per_epoch, uint64_t step) {
  if (!any_blends(phase.quantization)) return 1;
  const uint64_t epochs = schedule_epochs(phase), done = step / steps_per_epoch;  // done = e - 1
  ScalarSchedule alpha = {.from = phase.blend.from, .to = phase.blend.to};
  switch (phase.blend.schedule) {
    case BlendSchedule::constant:
      break;
    case BlendSchedule::linear:
      alpha.kind = ScalarKind::linear;
      alpha.steps = epochs - 1;
      return scalar_at(alpha, done);
    case BlendSchedule::geometric:
      alpha.kind = ScalarKind::geometric;
      alpha.steps = epochs;
      return scalar_at(alpha, done + 1);
  }
  return scalar_at(alpha, done);
}

void check_aqe(const std::string& where, const Phase& phase, Sentences& out) {
  const QuantizationOptions& q = phase.quantization;
  const std::string section = where + "quantization";
  check_list(section, 2, q.thresholds.two_bits, out);
  check_list(section, 3, q.thresholds.three_bits, out);
  check_list(section, 4, q.thresholds.four_bits, out);
  check_layers(section, q, out);
  const bool has_bireal = any_estimator(q, [](Estimator e) { return e == Estimator::bireal; });
  if (has_bireal && q.clip_window != 1) {
    out.push_back(fmt::format("{}: the estimator \"bireal\" ends at 1, but clip_window is {}; leave it at 1", section,
                              q.clip_window));
  }
  if (q.thresholds.activation_rule == ThresholdRule::twn) {
    out.push_back(section +
                  ": activation_threshold_rule = \"twn\" is a rule for weights; use \"max_relative\" or "
                  "\"fixed\"");
  }
  check_blend(where, phase, out);
}

}  // namespace lowtide::trainer
