// SPDX-License-Identifier: Apache-2.0
// Reference of draw_select, as in its header.
#include "engine/ops/draw_select/draw_select.hpp"

#include <algorithm>

#include "engine/base/rng.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void draw_select(const Operands& o) {
  const uint64_t seed = uint64_t{o.step.seed_hi} << 32 | o.step.seed_lo;
  const auto words = philox(seed, 0, o.node.params<ops::DrawSelectOpParams>().stream, o.step.step);
  const auto& drawn = o.inputs[unit_float(words[0]) < o.step.quantized_share ? 0 : 1];
  std::copy(drawn.begin(), drawn.end(), o.outputs[0].begin());
}

}  // namespace lowtide::reference
