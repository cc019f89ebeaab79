// SPDX-License-Identifier: Apache-2.0
// Reference of fill.
#include "engine/ops/fill/fill.hpp"

#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void fill(const Operands& o) {
  std::fill(o.outputs[0].begin(), o.outputs[0].end(), static_cast<double>(o.node.params<ops::FillOpParams>().value));
}

}  // namespace lowtide::reference
