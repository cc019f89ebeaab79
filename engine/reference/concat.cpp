// SPDX-License-Identifier: Apache-2.0
// Reference of concat and of its gradient, the copy back.
#include "engine/ops/concat/concat.hpp"

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void concat(const Operands& o) {
  const size_t y_row = o.out_desc().shape.last();
  size_t first = 0;
  for (size_t input = 0; input < o.inputs.size(); ++input) {
    const size_t x_row = o.in_desc(input).shape.last();
    for (size_t i = 0; i < o.inputs[input].size(); ++i) {
      o.outputs[0][i / x_row * y_row + first + i % x_row] = o.inputs[input][i];
    }
    first += x_row;
  }
}

void concat_backward_input(const Operands& o) {
  const auto p = o.node.params<ops::ConcatBackwardOpParams>();
  const size_t dy_row = o.in_desc(0).shape.last();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = o.inputs[0][i / p.channels * dy_row + p.first + i % p.channels];
  }
}

}  // namespace lowtide::reference
