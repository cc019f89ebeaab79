// SPDX-License-Identifier: Apache-2.0
// Reference of mse: mean (a - b)^2 and its gradient for a.
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void mse(const Operands& o) {
  double sum = 0;
  for (size_t i = 0; i < o.inputs[0].size(); ++i) {
    const double difference = o.inputs[0][i] - o.inputs[1][i];
    sum += difference * difference;
  }
  o.outputs[0][0] = sum / static_cast<double>(o.inputs[0].size());
}

void mse_backward_input(const Operands& o) {
  const double scale = 2 * o.inputs[2][0] / static_cast<double>(o.inputs[0].size());
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = scale * (o.inputs[0][i] - o.inputs[1][i]);
}

}  // namespace lowtide::reference
