// SPDX-License-Identifier: Apache-2.0
// Reference of dropout, as in its header.
#include "engine/ops/dropout/dropout.hpp"

#include "engine/base/rng.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void dropout(const Operands& o) {
  const auto p = o.node.params<ops::DropoutOpParams>();
  const uint64_t seed = uint64_t{o.step.seed_hi} << 32 | o.step.seed_lo;
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const auto words = philox(seed, static_cast<uint32_t>(i / 4), p.stream, o.step.step);
    const bool is_dropped = unit_float(words[i % 4]) < p.probability;
    o.outputs[0][i] = is_dropped ? 0 : o.inputs[0][i] / (1 - static_cast<double>(p.probability));
  }
}

}  // namespace lowtide::reference
