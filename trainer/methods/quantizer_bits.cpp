// SPDX-License-Identifier: Apache-2.0
// The table, and the check of every place that sets bits.
#include "trainer/methods/quantizer_bits.hpp"

#include <fmt/format.h>

#include "engine/quant/quantizer.hpp"
#include "engine/quant/shift_weights.hpp"
#include "trainer/methods/layer_places.hpp"

namespace lowtide::trainer {
namespace {

constexpr BitRange kLevels = {.least = 1, .most = quant::kMaxBits, .has_wide = true};
constexpr BitRange kLearned = {.least = 1, .most = quant::kMaxBits};  // starts of steps are tabled up to there

bool contains(const BitRange& range, uint32_t bits) {
  const bool is_wide = bits == quant::kWideBits || bits == kFloatBits;
  return (bits >= range.least && bits <= range.most) || (range.has_wide && is_wide);
}

// `side`: "weight" or "activation".
std::string wrong_bits(const std::string& place, const char* side, const char* quantizer, const BitRange& range,
                       uint32_t bits) {
  return fmt::format("{}: {}_quantizer = \"{}\" has {}, but {}_bits is {}; use {}, 32 or dorefa", place, side,
                     quantizer, to_string(range), side, bits, range.least == range.most ? "that" : "one of them");
}

}  // namespace

BitRange bits_of(WeightQuantizer quantizer) {
  switch (quantizer) {
    case WeightQuantizer::dorefa:
    case WeightQuantizer::dorefa_detached:
      return kLevels;
    case WeightQuantizer::sign:
    case WeightQuantizer::sign_channel:
      return {1, 1};
    case WeightQuantizer::threshold:
      return {1, quant::kMaxShiftBits};
    case WeightQuantizer::twn:
      return {2, 2};
    case WeightQuantizer::syq:
      return {1, 2};
    case WeightQuantizer::lsq:
    case WeightQuantizer::uniq:
      return kLearned;
    case WeightQuantizer::sparse_shift:
      return {quant::kMinShiftBits, quant::kMaxShiftBits};
    case WeightQuantizer::deepshift_q:
    case WeightQuantizer::deepshift_ps:
      return {quant::kMinDeepshiftBits, quant::kMaxDeepshiftBits};
  }
  return kLevels;
}

BitRange bits_of(ActivationQuantizer quantizer) {
  switch (quantizer) {
    case ActivationQuantizer::dorefa:
    case ActivationQuantizer::none:  // leaves activations alone, which recipe_check.cpp holds against their bits
      return kLevels;
    case ActivationQuantizer::sign:
      return {1, 1};
    case ActivationQuantizer::threshold:
      return {1, quant::kMaxShiftBits};
    case ActivationQuantizer::lsq:
    case ActivationQuantizer::pact:
    case ActivationQuantizer::uniq:
      return kLearned;
  }
  return kLevels;
}

bool has_bits(ActivationQuantizer quantizer, uint32_t bits) {
  return contains(bits_of(quantizer), bits);
}

bool has_bits(WeightQuantizer quantizer, uint32_t bits, bool is_activation_quantized) {
  const bool is_deepshift = quantizer == WeightQuantizer::deepshift_q || quantizer == WeightQuantizer::deepshift_ps;
  if (is_deepshift && bits == quant::kMaxDeepshiftBits && is_activation_quantized) return false;
  return contains(bits_of(quantizer), bits);
}

std::string to_string(const BitRange& range) {
  if (range.least == range.most) return range.most == 1 ? "1 bit" : fmt::format("{} bits", range.most);
  if (range.least + 1 == range.most) return fmt::format("{} or {} bits", range.least, range.most);
  return fmt::format("{} to {} bits{}", range.least, range.most,
                     range.has_wide ? fmt::format(", or {}", quant::kWideBits) : "");
}

void check_bits(const std::string& where, const QuantizationOptions& options, std::vector<std::string>& out) {
  for (const auto& [place, p] : layer_places(where, options)) {
    if (p.weight_bits != kFloatBits && !has_bits(p.weight_quantizer, p.weight_bits, false)) {
      out.push_back(
          wrong_bits(place, "weight", to_string(p.weight_quantizer), bits_of(p.weight_quantizer), p.weight_bits));
    }
    if (p.activation_bits != kFloatBits && !has_bits(p.activation_quantizer, p.activation_bits)) {
      out.push_back(wrong_bits(place, "activation", to_string(p.activation_quantizer), bits_of(p.activation_quantizer),
                               p.activation_bits));
    }
  }
}

}  // namespace lowtide::trainer
