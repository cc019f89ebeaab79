// SPDX-License-Identifier: Apache-2.0
// Reference of absolute: y = |x|; dx = sign(x) dy, sign(0) = 0.
#include <cmath>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void absolute(const Operands& o) {
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = std::abs(o.inputs[0][i]);
}

void absolute_backward_input(const Operands& o) {
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i];
    o.outputs[0][i] = x > 0 ? o.inputs[1][i] : (x < 0 ? -o.inputs[1][i] : 0);
  }
}

}  // namespace lowtide::reference
