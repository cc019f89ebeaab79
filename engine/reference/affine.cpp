// SPDX-License-Identifier: Apache-2.0
// Reference of affine: y = x * multiplier + offset.
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void affine(const Operands& o) {
  const size_t channels = o.inputs[1].size();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = o.inputs[0][i] * o.inputs[1][i % channels] + o.inputs[2][i % channels];
  }
}

}  // namespace lowtide::reference
