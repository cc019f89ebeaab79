// SPDX-License-Identifier: Apache-2.0
// Reference of bias: y = x + b.
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void bias(const Operands& o) {
  const size_t channels = o.inputs[1].size();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = o.inputs[0][i] + o.inputs[1][i % channels];
}

}  // namespace lowtide::reference
