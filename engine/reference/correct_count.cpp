// SPDX-License-Identifier: Apache-2.0
// Reference of correct_count.
#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void correct_count(const Operands& o) {
  const size_t rows = o.in_desc(0).shape[0], classes = o.in_desc(0).shape[1];
  double count = 0;
  for (size_t row = 0; row < rows; ++row) {
    const auto logits = o.inputs[0].subspan(row * classes, classes);
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    if (static_cast<double>(best) == o.inputs[1][row]) ++count;
  }
  o.outputs[0][0] = count;
}

}  // namespace lowtide::reference
