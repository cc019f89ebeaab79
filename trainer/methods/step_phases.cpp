// SPDX-License-Identifier: Apache-2.0
// The target at other bits.
#include "trainer/methods/step_phases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "trainer/methods/aqe.hpp"
#include "trainer/methods/learned_step.hpp"
#include "trainer/methods/quantizer_bits.hpp"

namespace lowtide::trainer {
QuantizationOptions at_bits(const QuantizationOptions& target, Sides sides, uint32_t bits) {
  QuantizationOptions out = target;
  const bool is_float = bits == kFloatBits;
  if (sides != Sides::activations) {
    if (is_float) out.weights = WeightStage::full_precision;
    if (!is_float) out.weight_bits = bits;
    // A chain of shift weights is one of packed layers where activations are quantised.
    if (!has_bits(target.weight_quantizer, bits, out.activation_bits != kFloatBits || sides == Sides::both)) {
      out.weight_quantizer = WeightQuantizer::dorefa;
      out.weight_estimator = Estimator::own;
    }
  }
  if (sides != Sides::weights) {
    if (is_float) out.activations = ActivationStage::full_precision;
    if (!is_float) out.activation_bits = bits;
    if (!has_bits(target.activation_quantizer, bits)) {
      out.activation_quantizer = ActivationQuantizer::dorefa;
      out.activation_estimator = Estimator::own;
    }
  }
  return out;
}

Phase phase_at_bits(const Phase& target, Sides sides, uint32_t bits) {
  Phase phase = target;
  phase.name = bits_name(bits);
  phase.quantization = at_bits(target.quantization, sides, bits);
  if (sides == Sides::both && bits == kFloatBits) {
    phase.expansion = {};
    phase.stochastic = {};
  }
  if (!any_blends(phase.quantization)) phase.blend = {};
  return phase;
}

std::string bits_name(uint32_t bits) {
  if (bits == kFloatBits) return "full precision";
  return bits == 1 ? "1 bit" : fmt::format("{} bits", bits);
}

namespace {

// A chain may end at signs by way of DoReFa, but a learned step would be lost on the way.
void check_learned_bits(const std::string& key, const std::vector<uint32_t>& bits, const QuantizationOptions& target,
                        Sides sides, std::vector<std::string>& out) {
  const auto refuse = [&](const char* side, const char* quantizer, const BitRange& range, uint32_t width) {
    out.push_back(
        fmt::format("{} lists {}, but quantization.{}_quantizer = \"{}\" learns steps of {}; start the list at "
                    "{}, or use dorefa",
                    key, width, side, quantizer, to_string(range), range.most));
  };
  for (const uint32_t width : bits) {
    if (width == kFloatBits) continue;
    const WeightQuantizer w = target.weight_quantizer;
    const ActivationQuantizer a = target.activation_quantizer;
    if (sides != Sides::activations && has_learned_step(w) && !has_bits(w, width, true)) {
      refuse("weight", to_string(w), bits_of(w), width);
    }
    if (sides != Sides::weights && has_learned_step(a) && !has_bits(a, width)) {
      refuse("activation", to_string(a), bits_of(a), width);
    }
  }
}

}  // namespace

void check_bit_list(const std::string& key, const std::vector<uint32_t>& bits, const QuantizationOptions& target,
                    Sides sides, std::vector<std::string>& out) {
  if (bits.empty()) {
    out.push_back(key + " is empty; list the widths from high to low, for example [8, 4, 2]");
    return;
  }
  const auto rise = std::adjacent_find(bits.begin(), bits.end(), std::less_equal<>());
  if (rise != bits.end()) {
    out.push_back(fmt::format("{} must fall from entry to entry, but {} follows {}", key, *(rise + 1), *rise));
  }
  check_learned_bits(key, bits, target, sides, out);
  const auto expect_end = [&](const char* name, uint32_t wanted) {
    if (bits.back() == wanted) return;
    out.push_back(
        fmt::format("{} ends at {}, but quantization.{} is {}; the last step is the network that [quantization] "
                    "describes, so make them equal",
                    key, bits.back(), name, wanted));
  };
  if (sides != Sides::activations) expect_end("weight_bits", target.weight_bits);
  if (sides != Sides::weights) expect_end("activation_bits", target.activation_bits);
}

void check_list_length(const std::string& key, size_t length, const std::string& bits_key, size_t bits,
                       std::vector<std::string>& out) {
  if (length <= 1 || length == bits) return;
  out.push_back(fmt::format("{} has {} entries and {} has {}; give one number for all, or one an entry", key, length,
                            bits_key, bits));
}

}  // namespace lowtide::trainer
