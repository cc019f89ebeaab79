// SPDX-License-Identifier: Apache-2.0
// The decay, the split and the checks of EXP-Net. Its branches are grown in trainer/nets/expansion.cpp.
#include "trainer/methods/exp_net.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trainer/schedule/scalar.hpp"

namespace lowtide::trainer {
namespace {

constexpr double kVanishBelow = 0.001;  // of halving, as in the authors' scripts
constexpr uint64_t kHalvings = 10;      // 2^-10 is the first power at or below it

// Epochs until f is 0; at least 1.
uint32_t decay_epochs(const Phase& phase) {
  if (phase.expansion.epochs > 0) return phase.expansion.epochs;
  const double epochs = std::round(phase.expansion.fraction * phase.training.epochs);
  return std::max(1u, static_cast<uint32_t>(epochs));
}

}  // namespace

void split_expansions(std::vector<Phase>& phases) {
  for (size_t i = 0; i < phases.size(); ++i) {
    if (phases[i].expansion.merge == ExpansionMerge::none) continue;
    const uint32_t epochs = decay_epochs(phases[i]);
    const uint32_t total = phases[i].training.epochs;
    if (epochs >= total) continue;
    Phase rest = phases[i];
    phases[i].schedule.total_epochs = schedule_epochs(phases[i]);
    phases[i].training.epochs = epochs;
    phases[i].expansion.epochs = epochs;
    rest.name += ", plain";
    rest.initialize_from = "continue";
    rest.schedule.total_epochs = phases[i].schedule.total_epochs;
    rest.schedule.first_epoch += epochs;
    rest.training.epochs = total - epochs;
    rest.expansion = {};
    phases.insert(phases.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(rest));
    ++i;
  }
}

double expansion_at(const Phase& phase, uint64_t steps_per_epoch, uint64_t step) {
  if (phase.expansion.merge == ExpansionMerge::none) return 0;
  const uint64_t steps = decay_epochs(phase) * steps_per_epoch;
  ScalarSchedule decay = {.from = 1, .to = 0, .steps = steps};
  switch (phase.expansion.schedule) {
    case ExpansionSchedule::half_cosine:
      decay.kind = ScalarKind::half_cosine;
      break;
    case ExpansionSchedule::halving:
      if (step >= steps) return 0;
      decay.kind = ScalarKind::halving;
      decay.interval = std::max<uint64_t>(1, steps / kHalvings);
      decay.vanish_below = kVanishBelow;
      break;
    case ExpansionSchedule::linear:
      decay.kind = ScalarKind::linear;
      break;
  }
  return scalar_at(decay, step);
}

void check_expansion(const std::string& where, const Phase& phase, std::vector<std::string>& out) {
  const ExpansionOptions& e = phase.expansion;
  if (e.merge == ExpansionMerge::none) return;
  const QuantizationOptions& q = phase.quantization;
  const bool is_float = q.weight_bits == kFloatBits && q.activation_bits == kFloatBits && q.layers.empty();
  if (is_float) {
    out.push_back(
        fmt::format("{}expansion.merge = \"{}\" stands beside quantised convolutions, but quantization has "
                    "weight_bits = \"fp32\" and activation_bits = \"fp32\"; lower one of them or set merge = "
                    "\"none\"",
                    where, to_string(e.merge)));
  }
  if (e.epochs > phase.training.epochs) {
    out.push_back(fmt::format("{}expansion.epochs = {} is longer than training.epochs = {}", where, e.epochs,
                              phase.training.epochs));
  }
}

}  // namespace lowtide::trainer
