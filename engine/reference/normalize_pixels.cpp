// SPDX-License-Identifier: Apache-2.0
// Reference of normalize_pixels.
#include "engine/ops/normalize_pixels/normalize_pixels.hpp"

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void normalize_pixels(const Operands& o) {
  const size_t c = o.in_desc(0).shape.last();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = o.inputs[1][i % c * ops::kPixelValues + static_cast<size_t>(o.inputs[0][i])];
  }
}

}  // namespace lowtide::reference
