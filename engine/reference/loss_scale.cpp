// SPDX-License-Identifier: Apache-2.0
// Reference of loss_scale, as in its header.
#include "engine/ops/loss_scale/loss_scale.hpp"

#include <algorithm>
#include <cmath>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void loss_scale(const Operands& o) {
  double &scale = o.outputs[0][0], &count = o.outputs[1][0];
  o.outputs[2][0] = scale;
  if (!std::isfinite(o.inputs[2][0])) {
    scale = std::max(scale / 2, 1.0);
    count = 0;
  } else if (++count >= o.node.params<ops::LossScaleOpParams>().interval) {
    scale = std::min<double>(scale * 2, static_cast<double>(ops::kLargestLossScale));
    count = 0;
  }
}

}  // namespace lowtide::reference
