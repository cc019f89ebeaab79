// SPDX-License-Identifier: Apache-2.0
// Reference of add: y = a + b.
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void add(const Operands& o) {
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = o.inputs[0][i] + o.inputs[1][i];
}

}  // namespace lowtide::reference
