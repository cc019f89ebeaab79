// SPDX-License-Identifier: Apache-2.0
// Which loss scaling a phase has.
#include "trainer/methods/loss_scaling.hpp"

#include "trainer/methods/layer_places.hpp"

namespace lowtide::trainer {
namespace {

bool is_mixed(const Phase& phase) {
  return phase.training.precision == TrainingPrecision::mixed;
}

// The key of the force that a quantiser of the phase adds to gradients; null: none does.
const char* scaled_force(const Phase& phase) {
  for (const auto& [place, p] : layer_places("", phase.quantization)) {
    if (p.weight_bits == kFloatBits) continue;
    if (p.weight_quantizer == WeightQuantizer::sparse_shift && phase.sparse_shift.dense_regularizer > 0) {
      return "sparse_shift.dense_regularizer";
    }
    if (p.weight_quantizer == WeightQuantizer::deepshift_ps && phase.deepshift.penalty > 0) return "deepshift.penalty";
  }
  return nullptr;
}

}  // namespace

LossScaling loss_scaling_of(const Phase& phase) {
  const bool is_dynamic = is_mixed(phase) && scaled_force(phase) == nullptr;
  return phase.training.loss_scaling.value_or(is_dynamic ? LossScaling::dynamic : LossScaling::fixed);
}

double loss_scale_of(const Phase& phase) {
  const double fixed = is_mixed(phase) ? 1024 : 1;
  return phase.training.loss_scale.value_or(loss_scaling_of(phase) == LossScaling::dynamic ? 65536 : fixed);
}

void check_loss_scaling(const std::string& where, const Phase& phase, std::vector<std::string>& out) {
  const char* force = scaled_force(phase);
  if (phase.training.loss_scaling != LossScaling::dynamic || force == nullptr) return;
  out.push_back(where + "training.loss_scaling = \"dynamic\" keeps the scale on the device, but " + force +
                " adds a force to gradients that must know it; use \"fixed\", or set " + force + " to 0");
}

}  // namespace lowtide::trainer
