// SPDX-License-Identifier: Apache-2.0
// Reference of finite_gate, as in its header.
#include "engine/ops/finite_gate/finite_gate.hpp"

#include <cmath>
#include <limits>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void finite_gate(const Operands& o) {
  o.outputs[0][0] = o.inputs[0][0];
  for (const std::span<const double> input : o.inputs) {
    if (!std::isfinite(input[0])) o.outputs[0][0] = std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace lowtide::reference
