// SPDX-License-Identifier: Apache-2.0
// Reference of radam, as in its header.
#include "engine/ops/radam/radam.hpp"

#include <algorithm>
#include <cmath>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void radam(const Operands& o) {
  const auto p = o.node.params<ops::RadamOpParams>();
  const double scale = o.inputs.size() == 4 ? o.inputs[3][0] : 1.0 / o.step.loss_scale;
  if (!std::isfinite(scale)) return;
  const std::span<double> w = o.outputs[0], m = o.outputs[1], v = o.outputs[2];
  const size_t first = size_t{p.first_block} * graph::kParameterBlock;
  for (size_t i = first; i < first + size_t{p.block_count} * graph::kParameterBlock; ++i) {
    const double* attributes = &o.inputs[2][i / graph::kParameterBlock * 4];  // weight decay, latent clip, rate scale
    const double decay = attributes[0] * w[i];
    const double g = scale * o.inputs[0][i];
    m[i] = p.beta1 * m[i] + (1 - static_cast<double>(p.beta1)) * g;
    v[i] = p.beta2 * v[i] + (1 - static_cast<double>(p.beta2)) * g * g;
    double update = m[i] / o.step.adam_correction1;
    if (o.step.radam_rectification > 0) {
      update *= o.step.radam_rectification / (std::sqrt(v[i] / o.step.adam_correction2) + p.epsilon);
    }
    w[i] -= o.step.learning_rate * attributes[2] * (update + decay);
    if (attributes[1] > 0) w[i] = std::clamp(w[i], -attributes[1], attributes[1]);
  }
}

}  // namespace lowtide::reference
