// SPDX-License-Identifier: Apache-2.0
// The share, the unit and the checks of stochastic precision. Its operands are made in trainer/nets/drawn_levels.cpp.
#include "trainer/methods/stochastic.hpp"

#include <fmt/format.h>

#include <cmath>

#include "trainer/schedule/scalar.hpp"

namespace lowtide::trainer {
namespace {

void expect_dorefa(const std::string& key, const char* quantizer, bool is_dorefa, std::vector<std::string>& out) {
  if (is_dorefa) return;
  out.push_back(
      fmt::format("{} is \"{}\", but [stochastic] leaves out the rounding of dorefa alone; use dorefa or drop "
                  "[stochastic]",
                  key, quantizer));
}

bool is_dorefa(WeightQuantizer quantizer) {
  return quantizer == WeightQuantizer::dorefa || quantizer == WeightQuantizer::dorefa_detached;
}

}  // namespace

double quantized_share_at(const Phase& phase, uint64_t steps_per_epoch, uint64_t step) {
  const StochasticOptions& options = phase.stochastic;
  if (!options.is_on) return 1;
  const auto total = static_cast<double>(schedule_epochs(phase) * steps_per_epoch);
  const ScalarSchedule rise = {.kind = ScalarKind::linear,
                               .from = options.start,
                               .to = 1,
                               .steps = static_cast<uint64_t>(std::llround(options.fraction * total))};
  return scalar_at(rise, phase.schedule.first_epoch * steps_per_epoch + step);
}

std::string_view block_of(std::string_view layer) {
  const size_t dot = layer.rfind('.');
  return dot == std::string_view::npos ? layer : layer.substr(0, dot);
}

void check_stochastic(const std::string& where, const Phase& phase, std::vector<std::string>& out) {
  if (!phase.stochastic.is_on) return;
  const QuantizationOptions& q = phase.quantization;
  const bool has_weights = q.weight_bits != kFloatBits && q.weights == WeightStage::quantized;
  const bool has_activations = q.activation_bits != kFloatBits && q.activations == ActivationStage::quantized;
  if (!has_weights && !has_activations && q.layers.empty()) {
    out.push_back(where +
                  "[stochastic] draws which blocks run quantised, but [quantization] leaves weights and activations in "
                  "full precision; set bits or drop [stochastic]");
  }
  const std::string section = where + "quantization.";
  if (has_weights) {
    expect_dorefa(section + "weight_quantizer", to_string(q.weight_quantizer), is_dorefa(q.weight_quantizer), out);
  }
  if (has_activations) {
    expect_dorefa(section + "activation_quantizer", to_string(q.activation_quantizer),
                  q.activation_quantizer == ActivationQuantizer::dorefa, out);
  }
  for (size_t i = 0; i < q.layers.size(); ++i) {
    const LayerQuantization& layer = q.layers[i];
    const std::string entry = fmt::format("{}layers entry {}: ", section, i);
    if (layer.weight_quantizer) {
      expect_dorefa(entry + "weight_quantizer", to_string(*layer.weight_quantizer), is_dorefa(*layer.weight_quantizer),
                    out);
    }
    if (layer.activation_quantizer && *layer.activation_quantizer != ActivationQuantizer::none) {
      expect_dorefa(entry + "activation_quantizer", to_string(*layer.activation_quantizer),
                    *layer.activation_quantizer == ActivationQuantizer::dorefa, out);
    }
  }
}

}  // namespace lowtide::trainer
