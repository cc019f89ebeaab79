// SPDX-License-Identifier: Apache-2.0
// [two_stage] as phases.
#include "trainer/methods/two_stage.hpp"

#include <fmt/format.h>

#include "trainer/methods/learned_step.hpp"
#include "trainer/methods/step_phases.hpp"

namespace lowtide::trainer {

void check_two_stage(const Phase& target, const TwoStageOptions& options, std::vector<std::string>& out) {
  const QuantizationOptions& q = target.quantization;
  const auto expect_quantized = [&](const char* side, const char* key, uint32_t bits) {
    if (bits != kFloatBits) return;
    out.push_back(
        fmt::format("[two_stage] has a stage for weights and one for activations, but quantization.{} is fp32: "
                    "there are no quantised {} to stage; set it, or drop [two_stage]",
                    key, side));
  };
  expect_quantized("weights", "weight_bits", q.weight_bits);
  expect_quantized("activations", "activation_bits", q.activation_bits);
  if (options.order == StageOrder::activations_first && options.stage1_activation) {
    out.push_back(
        "two_stage.stage1_activation is for order = \"weights_first\", whose stage 1 does not quantise activations; "
        "with order = \"activations_first\" leave it out");
  }
  if (options.stage1_activation == StageActivation::clip && learns_range(q)) {
    out.push_back(
        "two_stage.stage1_activation = \"clip\" clips to [0, 1], but a quantiser of activations, quantization."
        "activation_quantizer or one of its layers, learns its range; use \"plain\", which is the default there");
  }
  if (options.initialize_from.empty() || options.initialize_from == "previous" ||
      options.initialize_from == "continue") {
    out.push_back(fmt::format(
        "two_stage.initialize_from is \"{}\", but stage 1 has no phase before it; it is \"fresh\" or the path "
        "of a checkpoint",
        options.initialize_from));
  }
}

std::vector<Phase> two_stage_phases(const Phase& target, const TwoStageOptions& options) {
  const bool is_weights_first = options.order == StageOrder::weights_first;
  const StageActivation otherwise = learns_range(target.quantization) ? StageActivation::plain : StageActivation::clip;
  const bool is_plain = options.stage1_activation.value_or(otherwise) == StageActivation::plain;
  const std::string prefix = target.name == Phase{}.name ? "" : target.name + ", ";
  Phase first = target, second = target;
  first.name = prefix + (is_weights_first ? "stage 1: weights" : "stage 1: activations");
  first.initialize_from = options.initialize_from;
  first.training.epochs = options.first_epochs.value_or(target.training.epochs);
  first.schedule.rate = options.first_rate.value_or(target.schedule.rate);
  if (is_weights_first) {
    first.quantization.activations = is_plain ? ActivationStage::full_precision : ActivationStage::clipped;
  } else {
    first.quantization.weights = WeightStage::full_precision;
  }
  second.name = prefix + "stage 2: both";
  second.initialize_from = "previous";
  return {first, second};
}

}  // namespace lowtide::trainer
