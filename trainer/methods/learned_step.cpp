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

// The steps that a continued phase keeps, as text: what they are steps of. Full precision has none.
std::string weight_steps(const LayerPrecision& p) {
  if (p.weight_bits == kFloatBits || !has_learned_step(p.weight_quantizer)) return "";
  return fmt::format("{} of {} bits", to_string(p.weight_quantizer), p.weight_bits);
}
// PACT's bound means the same at all bits.
std::string activation_steps(const LayerPrecision& p) {
  const bool has_step = has_learned_step(p.activation_quantizer) && p.activation_quantizer != ActivationQuantizer::pact;
  if (p.activation_bits == kFloatBits || !has_step) return "";
  return fmt::format("{} of {} bits", to_string(p.activation_quantizer), p.activation_bits);
}

class ContinuedSteps {
 public:
  ContinuedSteps(const std::string& where, std::vector<std::string>& out) : where_(where), out_(out) {}

  // Layers have names that a recipe does not know: a pattern stands for those that it matches.
  void compare(const std::string& what, const QuantizationOptions& before, const QuantizationOptions& now) {
    for (const LayerPosition position : {LayerPosition::inner, LayerPosition::first, LayerPosition::last}) {
      const char* place = position == LayerPosition::inner
                              ? ""
                              : (position == LayerPosition::first ? " of the first layer" : " of the last layer");
      compare_layer(what + place, layer_precision(before, "", position), layer_precision(now, "", position));
    }
    for (const QuantizationOptions* q : {&before, &now}) {
      for (const LayerQuantization& entry : q->layers) {
        const auto at = [&](const QuantizationOptions& o) {
          return layer_precision(o, entry.pattern, LayerPosition::inner);
        };
        compare_layer(fmt::format("{} of layers \"{}\"", what, entry.pattern), at(before), at(now));
      }
    }
  }

 private:
  void compare_layer(const std::string& what, const LayerPrecision& before, const LayerPrecision& now) {
    compare_steps("weights" + what, weight_steps(before), weight_steps(now));
    compare_steps("activations" + what, activation_steps(before), activation_steps(now));
  }
  void compare_steps(const std::string& what, const std::string& before, const std::string& now) {
    if (before.empty() || now.empty() || before == now) return;
    std::string sentence = fmt::format(
        "{}initialize_from = \"continue\" keeps learned steps, whose meaning changes with quantiser and bits, but the "
        "{} "
        "are {} and were {}; use \"previous\", which calibrates, or the same",
        where_, what, now, before);
    if (std::find(out_.begin(), out_.end(), sentence) == out_.end()) out_.push_back(std::move(sentence));
  }

  const std::string& where_;
  std::vector<std::string>& out_;
};

}  // namespace

bool has_learned_step(WeightQuantizer quantizer) {
  return quantizer == WeightQuantizer::lsq || quantizer == WeightQuantizer::uniq;
}

bool has_learned_step(ActivationQuantizer quantizer) {
  return quantizer == ActivationQuantizer::lsq || quantizer == ActivationQuantizer::pact ||
         quantizer == ActivationQuantizer::uniq;
}

bool learns_range(const QuantizationOptions& options) {
  return has_learned_step(options.activation_quantizer) ||
         std::any_of(options.layers.begin(), options.layers.end(), [](const LayerQuantization& entry) {
           return entry.activation_quantizer && has_learned_step(*entry.activation_quantizer);
         });
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
  ContinuedSteps steps(where, out);
  steps.compare("", before.quantization, phase.quantization);
  const std::vector<BitPair>&a = before.guidance.students, &b = phase.guidance.students;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const auto of_student = [](const Phase& p, const BitPair& bits) {
      QuantizationOptions student = p.quantization;
      student.weight_bits = bits.weights;
      student.activation_bits = bits.activations;
      return student;
    };
    steps.compare(fmt::format(" of student {}", i + 2), of_student(before, a[i]), of_student(phase, b[i]));
  }
}

}  // namespace lowtide::trainer
