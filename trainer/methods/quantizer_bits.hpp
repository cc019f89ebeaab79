// SPDX-License-Identifier: Apache-2.0
// Which bits each quantiser has: the one place that says so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

struct BitRange {
  uint32_t least = 1, most = 1;
  bool has_wide = false;  // 16 too, in training alone, and full precision
};
BitRange bits_of(WeightQuantizer quantizer);
BitRange bits_of(ActivationQuantizer quantizer);

// Whether a network of so many bits may have the quantiser; in full precision only DoReFa stands for what comes next.
bool has_bits(ActivationQuantizer quantizer, uint32_t bits);
// DeepShift's 5 bits stand in front of activations in full precision only (methods/deepshift.cpp).
bool has_bits(WeightQuantizer quantizer, uint32_t bits, bool is_activation_quantized);

// "1 bit", "2 bits", "1 to 8 bits".
std::string to_string(const BitRange& range);

// Sentences for widths that a quantiser does not have; `where` names the phase.
void check_bits(const std::string& where, const QuantizationOptions& options, std::vector<std::string>& out);

}  // namespace lowtide::trainer
