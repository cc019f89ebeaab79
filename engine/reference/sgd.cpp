// SPDX-License-Identifier: Apache-2.0
// Reference of sgd, as in its header.
#include "engine/ops/sgd/sgd.hpp"

#include <algorithm>
#include <cmath>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void sgd(const Operands& o) {
  const auto p = o.node.params<ops::SgdOpParams>();
  const double scale = o.inputs.size() == 4 ? o.inputs[3][0] : 1.0 / o.step.loss_scale;
  if (!std::isfinite(scale)) return;
  const std::span<double> w = o.outputs[0], m = o.outputs[1];
  const size_t first = size_t{p.first_block} * graph::kParameterBlock;
  for (size_t i = first; i < first + size_t{p.block_count} * graph::kParameterBlock; ++i) {
    const double* attributes = &o.inputs[2][i / graph::kParameterBlock * 4];  // BlockAttributes
    const double g = scale * o.inputs[0][i] + attributes[0] * w[i];
    m[i] = p.momentum * m[i] + g;
    const double rate = attributes[3] > 0.5 ? o.step.second_rate : o.step.learning_rate;
    w[i] -= rate * attributes[2] * (p.nesterov != 0 ? g + p.momentum * m[i] : m[i]);
    if (attributes[1] > 0) w[i] = std::clamp(w[i], -attributes[1], attributes[1]);
  }
}

}  // namespace lowtide::reference
