// SPDX-License-Identifier: Apache-2.0
// Reference of copy.
#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void copy(const Operands& o) {
  std::copy(o.inputs[0].begin(), o.inputs[0].end(), o.outputs[0].begin());
}

}  // namespace lowtide::reference
