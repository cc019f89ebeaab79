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
    // weight decay, latent clip, rate scale, is_second
    const double* attributes = &o.inputs[2][i / graph::kParameterBlock * 4];
    const bool is_second = attributes[3] > 0.5;
    const double c1 = is_second ? o.step.second_correction1 : o.step.adam_correction1;
    const double c2 = is_second ? o.step.second_correction2 : o.step.adam_correction2;
    const double rectification = is_second ? o.step.second_rectification : o.step.radam_rectification;
    const double rate = is_second ? o.step.second_rate : o.step.learning_rate;
    const double decay = attributes[0] * w[i];
    const double g = scale * o.inputs[0][i];
    m[i] = p.beta1 * m[i] + (1 - static_cast<double>(p.beta1)) * g;
    v[i] = p.beta2 * v[i] + (1 - static_cast<double>(p.beta2)) * g * g;
    double update = m[i] / c1;
    if (rectification > 0) update *= rectification / (std::sqrt(v[i] / c2) + p.epsilon);
    w[i] -= rate * attributes[2] * (update + decay);
    if (attributes[1] > 0) w[i] = std::clamp(w[i], -attributes[1], attributes[1]);
  }
}

}  // namespace lowtide::reference
