// SPDX-License-Identifier: Apache-2.0
// Reference of relu: y = max(x, 0); dx = dy where x > 0.
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void relu(const Operands& o) {
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = o.inputs[0][i] > 0 ? o.inputs[0][i] : 0;
}

void relu_backward_input(const Operands& o) {
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = o.inputs[0][i] > 0 ? o.inputs[1][i] : 0;
}

}  // namespace lowtide::reference
