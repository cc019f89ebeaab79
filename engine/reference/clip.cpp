// SPDX-License-Identifier: Apache-2.0
// Reference of clip: y = min(max(x, lo), hi); dx = dy where lo <= x <= hi.
#include "engine/ops/clip/clip.hpp"

#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void clip(const Operands& o) {
  const auto p = o.node.params<ops::ClipOpParams>();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = std::min<double>(std::max<double>(o.inputs[0][i], p.lo), p.hi);
  }
}

void clip_backward_input(const Operands& o) {
  const auto p = o.node.params<ops::ClipOpParams>();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double x = o.inputs[0][i];
    o.outputs[0][i] = x >= p.lo && x <= p.hi ? o.inputs[1][i] : 0;
  }
}

}  // namespace lowtide::reference
