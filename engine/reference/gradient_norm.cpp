// SPDX-License-Identifier: Apache-2.0
// Reference of gradient_norm, as in its header.
#include "engine/ops/gradient_norm/gradient_norm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void gradient_norm(const Operands& o) {
  const auto p = o.node.params<ops::GradientNormParams>();
  const size_t first = size_t{p.first_block} * graph::kParameterBlock;
  double sum = 0;
  for (size_t i = first; i < first + size_t{p.block_count} * graph::kParameterBlock; ++i) {
    sum += o.inputs[0][i] * o.inputs[0][i];
  }
  const double loss_scale = o.step.loss_scale * (o.inputs.size() == 3 ? o.inputs[2][0] : 1.0);
  double norm = std::sqrt(sum) / loss_scale;
  double factor = p.max_norm > 0 ? std::min(1.0, p.max_norm / (norm + 1e-6)) : 1.0;
  if (!std::isfinite(norm)) norm = factor = std::numeric_limits<double>::quiet_NaN();
  o.outputs[0][0] = norm;
  o.outputs[1][0] = factor / loss_scale;
}

}  // namespace lowtide::reference
