// SPDX-License-Identifier: Apache-2.0
// The starts of learned steps.
#include "trainer/methods/learned_step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/check.hpp"

namespace lowtide::trainer {
namespace {

// The steps, for unit deviation, of the uniform quantisers with the least mean squared error: of a normal variable, and
// of the positive part of one. By bits, from 1; the table of the code that learned_step.hpp names.
constexpr std::array kNormalStep = {1.595769121605729,   0.9956866859435065,  0.5860194414434872,  0.33520061219993685,
                                    0.18813879027991698, 0.10406300944201481, 0.05686767238235839, 0.03076238758025524};
constexpr std::array kPositiveNormalStep = {1.22399153, 0.65076985, 0.35340955, 0.19324868,
                                            0.10548752, 0.0572659,  0.03087133, 0.01652923};

double mean_magnitude(std::span<const float> xs) {
  double sum = 0;
  for (const float x : xs) sum += std::abs(static_cast<double>(x));
  return sum / static_cast<double>(xs.size());
}

// Unbiased.
double deviation(std::span<const float> xs) {
  const auto count = static_cast<double>(xs.size());
  double sum = 0, squares = 0;
  for (const float x : xs) sum += static_cast<double>(x);
  for (const float x : xs) squares += std::pow(static_cast<double>(x) - sum / count, 2);
  return std::sqrt(squares / std::max(1.0, count - 1));
}

std::string changed_bits(const char* side, uint32_t before, uint32_t now) {
  return fmt::format(
      "initialize_from = \"continue\" keeps the learned steps, whose meaning changes with quantization.{}_bits, {} "
      "here "
      "and {} in the phase before; use \"previous\", which calibrates them, or the same bits",
      side, now, before);
}

}  // namespace

bool has_learned_step(WeightQuantizer quantizer) {
  return quantizer == WeightQuantizer::lsq || quantizer == WeightQuantizer::uniq;
}

bool has_learned_step(ActivationQuantizer quantizer) {
  return quantizer == ActivationQuantizer::lsq || quantizer == ActivationQuantizer::pact ||
         quantizer == ActivationQuantizer::uniq;
}

double largest_code(bool is_weight, uint32_t bits) {
  return is_weight ? std::max(std::exp2(bits - 1) - 1, 1.0) : std::exp2(bits) - 1;
}

double weight_step_start(const StepRecord& record, std::span<const float> latents) {
  LOWTIDE_CHECK(record.bits >= 1 && record.bits <= kNormalStep.size() && !latents.empty(), "weights with 1 to 8 bits");
  if (record.quantizer == StepQuantizer::uniq) return kNormalStep[record.bits - 1] * deviation(latents);
  return 2 * mean_magnitude(latents) / std::sqrt(largest_code(true, record.bits));
}

double activation_step_start(const StepRecord& record, double magnitude) {
  LOWTIDE_CHECK(record.bits >= 1 && record.bits <= kPositiveNormalStep.size(), "activations with 1 to 8 bits");
  LOWTIDE_CHECK(record.quantizer != StepQuantizer::pact, "PACT's bound is not calibrated");
  if (record.quantizer == StepQuantizer::uniq) return kPositiveNormalStep[record.bits - 1] * std::sqrt(2 * magnitude);
  return 2 * magnitude / std::sqrt(largest_code(false, record.bits));
}

void check_continued_steps(const std::string& where, const Phase& before, const Phase& phase,
                           std::vector<std::string>& out) {
  const QuantizationOptions &a = before.quantization, &b = phase.quantization;
  const auto changes = [](uint32_t from, uint32_t to) { return from != to && from != kFloatBits && to != kFloatBits; };
  if (has_learned_step(b.weight_quantizer) && a.weight_quantizer == b.weight_quantizer &&
      changes(a.weight_bits, b.weight_bits)) {
    out.push_back(where + changed_bits("weight", a.weight_bits, b.weight_bits));
  }
  // PACT's bound means the same at all bits.
  const bool has_step = has_learned_step(b.activation_quantizer) && b.activation_quantizer != ActivationQuantizer::pact;
  if (has_step && a.activation_quantizer == b.activation_quantizer && changes(a.activation_bits, b.activation_bits)) {
    out.push_back(where + changed_bits("activation", a.activation_bits, b.activation_bits));
  }
}

}  // namespace lowtide::trainer
