// SPDX-License-Identifier: Apache-2.0
// [progressive] as phases.
#include "trainer/methods/progressive.hpp"

#include <fmt/format.h>

namespace lowtide::trainer {

void check_progressive(const Phase& target, const ProgressiveOptions& options, bool has_two_stage,
                       std::vector<std::string>& out) {
  check_bit_list("progressive.bits", options.bits, target.quantization, options.apply, out);
  check_list_length("progressive.epochs", options.epochs.size(), "progressive.bits", options.bits.size(), out);
  check_list_length("progressive.rates", options.rates.size(), "progressive.bits", options.bits.size(), out);
  const bool is_staged = options.two_stage.value_or(StagedSteps::none) != StagedSteps::none;
  if (is_staged && !has_two_stage) {
    out.push_back(
        "progressive.two_stage asks for stages, but there is no [two_stage] section that says how; add one, or leave "
        "the key out");
  }
  if (options.two_stage == StagedSteps::none && has_two_stage) {
    out.push_back("progressive.two_stage = \"none\" and a [two_stage] section contradict each other; drop one of them");
  }
  if (options.initialize_from.empty() || options.initialize_from == "previous" ||
      options.initialize_from == "continue") {
    out.push_back(
        fmt::format("progressive.initialize_from is \"{}\", but the first step has no phase before it; it is \"fresh\" "
                    "or the path of a checkpoint",
                    options.initialize_from));
  }
}

std::vector<Phase> progressive_phases(const Phase& target, const ProgressiveOptions& options,
                                      const TwoStageOptions* stages) {
  const bool is_every = options.two_stage == StagedSteps::every;
  std::vector<Phase> phases;
  for (size_t i = 0; i < options.bits.size(); ++i) {
    const uint32_t bits = options.bits[i];
    Phase step = phase_at_bits(target, options.apply, bits);
    step.training.epochs = entry_of(options.epochs, i, target.training.epochs);
    step.schedule.rate = entry_of(options.rates, i, target.schedule.rate);
    const bool has_stages = stages != nullptr && bits != kFloatBits && (is_every || i + 1 == options.bits.size());
    std::vector<Phase> parts = has_stages ? two_stage_phases(step, *stages) : std::vector{step};
    parts.front().initialize_from = i == 0 ? options.initialize_from : "previous";
    phases.insert(phases.end(), parts.begin(), parts.end());
  }
  return phases;
}

}  // namespace lowtide::trainer
