// SPDX-License-Identifier: Apache-2.0
// Reference of step_scale, as in its header.
#include "engine/ops/step_scale/step_scale.hpp"

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void step_scale(const Operands& o) {
  const auto factor = static_cast<double>(o.node.params<ops::StepScaleOpParams>().factor);
  const double scale = factor * static_cast<double>(o.step.expansion);
  for (size_t i = 0; i < o.outputs[0].size(); ++i) o.outputs[0][i] = scale * o.inputs[0][i];
}

}  // namespace lowtide::reference
