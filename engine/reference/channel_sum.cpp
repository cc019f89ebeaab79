// SPDX-License-Identifier: Apache-2.0
// Reference of channel_sum: y[c] = sum over rows of x[.., c].
#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void channel_sum(const Operands& o) {
  const size_t channels = o.outputs[0].size();
  std::fill(o.outputs[0].begin(), o.outputs[0].end(), 0.0);
  for (size_t i = 0; i < o.inputs[0].size(); ++i) o.outputs[0][i % channels] += o.inputs[0][i];
}

}  // namespace lowtide::reference
