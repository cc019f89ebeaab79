// SPDX-License-Identifier: Apache-2.0
// Reference of residual_signs: y = min(max(a + b, lo), hi), codes of its signs. The sum is f32, because it decides
// codes.
#include "engine/ops/residual_signs/residual_signs.hpp"

#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void residual_signs(const Operands& o) {
  const auto p = o.node.params<ops::ResidualSignsOpParams>();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const float sum = static_cast<float>(o.inputs[0][i]) + static_cast<float>(o.inputs[1][i]);
    const float y = std::min(std::max(sum, p.lo), p.hi);
    o.outputs[0][i] = y;
    o.outputs[1][i] = y >= 0 ? 1 : 0;
  }
}

}  // namespace lowtide::reference
