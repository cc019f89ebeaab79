// SPDX-License-Identifier: Apache-2.0
// The part of the generator that needs the mathematics library.
#include "engine/base/rng.hpp"

#include <cmath>

namespace lowtide {

float Rng::normal() {
  const double u = (static_cast<double>(next()) + 0.5) / 4294967296.0;
  const double v = (static_cast<double>(next()) + 0.5) / 4294967296.0;
  return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v));
}

}  // namespace lowtide
