// SPDX-License-Identifier: Apache-2.0
// Where precisions are decided.
#include "trainer/methods/layer_places.hpp"

#include <fmt/format.h>

namespace lowtide::trainer {

std::vector<LayerPlace> layer_places(const std::string& where, const QuantizationOptions& options) {
  const std::string section = where + "quantization";
  QuantizationOptions base = options;
  base.layers.clear();
  std::vector<LayerPlace> places = {{section, layer_precision(base, "", LayerPosition::inner)},
                                    {section + ".first_layer", layer_precision(base, "", LayerPosition::first)},
                                    {section + ".last_layer", layer_precision(base, "", LayerPosition::last)}};
  for (size_t i = 0; i < options.layers.size(); ++i) {
    base.layers = {options.layers[i]};
    base.layers[0].pattern = "*";
    places.push_back({fmt::format("{}.layers entry {}", section, i), layer_precision(base, "", LayerPosition::inner)});
  }
  return places;
}

}  // namespace lowtide::trainer
