// SPDX-License-Identifier: Apache-2.0
// Reference of tap_scale and of the gradient of its scales.
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

// The tap of element i of weights [k, r, s, c].
size_t tap_of(const Shape& shape, size_t i) {
  return i / shape[3] % (size_t{shape[1]} * shape[2]);
}

}  // namespace

void tap_scale(const Operands& o) {
  const Shape& shape = o.graph.desc(o.node.in(0)).shape;
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = o.inputs[0][i] * o.inputs[1][tap_of(shape, i)];
  }
}

void tap_scale_backward_weight(const Operands& o) {
  const Shape& shape = o.graph.desc(o.node.in(0)).shape;
  for (double& sum : o.outputs[0]) sum = 0;
  for (size_t i = 0; i < o.inputs[0].size(); ++i) {
    o.outputs[0][tap_of(shape, i)] += o.inputs[0][i] * o.inputs[1][i];
  }
}

}  // namespace lowtide::reference
