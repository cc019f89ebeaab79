// SPDX-License-Identifier: Apache-2.0
// What the methods that train in stages share: the target phase at other bits. The target is the phase of the recipe's
// top-level sections; the last step of every such method is the target itself.
#pragma once

#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

enum class Sides { both, weights, activations };

// The target with one or both sides at `bits`. 32: that side is in full precision in all layers, whatever first_layer,
// last_layer and patterns say. Other bits replace quantization.weight_bits and .activation_bits alone; a quantiser
// that cannot have so many bits gives way to dorefa with its own gradient, so that a chain towards signs or ternary
// levels is one of DoReFa steps (ours); learned steps do not give way, their lists are refused.
QuantizationOptions at_bits(const QuantizationOptions& target, Sides sides, uint32_t bits);

// The same of the whole target. A step in full precision on both sides has no expansion, which stands beside quantised
// convolutions; one without an estimator that blends has no blend.
Phase phase_at_bits(const Phase& target, Sides sides, uint32_t bits);

// "full precision", "1 bit", "8 bits".
std::string bits_name(uint32_t bits);

// The entry of step `index`: of a list with one number for all, or one a step; `otherwise` where there is none.
template <class T>
T entry_of(const std::vector<T>& values, size_t index, T otherwise) {
  if (values.empty()) return otherwise;
  return values.size() == 1 ? values.front() : values.at(index);
}

// Sentences for what a list of bits must be: `key` ("progressive.bits") falls from entry to entry and ends at the
// target's bits of `sides`; lists "one number or one an entry" have that length.
void check_bit_list(const std::string& key, const std::vector<uint32_t>& bits, const QuantizationOptions& target,
                    Sides sides, std::vector<std::string>& out);
void check_list_length(const std::string& key, size_t length, const std::string& bits_key, size_t bits,
                       std::vector<std::string>& out);

}  // namespace lowtide::trainer
