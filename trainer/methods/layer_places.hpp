// SPDX-License-Identifier: Apache-2.0
// The places of a recipe that decide a layer's precision, for checks: [quantization] itself, first_layer, last_layer
// and each entry of [[quantization.layers]], as if it matched every layer.
#pragma once

#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

struct LayerPlace {
  std::string where;  // begins a sentence: "quantization", "quantization.layers entry 0", ...
  LayerPrecision precision;
};

// `where` names the phase.
std::vector<LayerPlace> layer_places(const std::string& where, const QuantizationOptions& options);

}  // namespace lowtide::trainer
