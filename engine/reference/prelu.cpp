// SPDX-License-Identifier: Apache-2.0
// Reference of prelu: y = x where x > 0, else slope * x, with both gradients.
#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void prelu(const Operands& o) {
  const size_t channels = o.inputs[1].size();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = o.inputs[0][i] * (o.inputs[0][i] > 0 ? 1 : o.inputs[1][i % channels]);
  }
}

void prelu_backward_input(const Operands& o) {
  const size_t channels = o.inputs[2].size();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = o.inputs[1][i] * (o.inputs[0][i] > 0 ? 1 : o.inputs[2][i % channels]);
  }
}

void prelu_backward_weight(const Operands& o) {
  const size_t channels = o.outputs[0].size();
  std::fill(o.outputs[0].begin(), o.outputs[0].end(), 0.0);
  for (size_t i = 0; i < o.inputs[0].size(); ++i) {
    if (o.inputs[0][i] <= 0) o.outputs[0][i % channels] += o.inputs[0][i] * o.inputs[1][i];
  }
}

}  // namespace lowtide::reference
