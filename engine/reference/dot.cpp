// SPDX-License-Identifier: Apache-2.0
// Reference of dot: y = factor * sum a b; dx = factor * dy * other.
#include "engine/ops/dot/dot.hpp"

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void dot(const Operands& o) {
  double sum = 0;
  for (size_t i = 0; i < o.inputs[0].size(); ++i) sum += o.inputs[0][i] * o.inputs[1][i];
  o.outputs[0][0] = o.node.params<ops::DotOpParams>().factor * sum;
}

void dot_backward_input(const Operands& o) {
  const double factor = o.node.params<ops::DotOpParams>().factor * o.inputs[1][0];
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = factor * o.inputs[0][i];
}

}  // namespace lowtide::reference
