// SPDX-License-Identifier: Apache-2.0
// Reference of pooled_signs: the maximum of the pixels inside x, bounded, and its sign.
#include "engine/ops/pooled_signs/pooled_signs.hpp"

#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void pooled_signs(const Operands& o) {
  const auto p = o.node.params<ops::PooledSignsOpParams>();
  const Shape& x = o.in_desc(0).shape;
  const Shape& y = o.out_desc().shape;
  for (size_t i = 0; i < y.element_count(); ++i) {
    const size_t channel = i % y[3], ox = i / y[3] % y[2], oy = i / y[3] / y[2] % y[1], n = i / y[3] / y[2] / y[1];
    double best = -INFINITY;
    for (size_t r = 0; r < p.pool.kernel_h; ++r) {
      for (size_t s = 0; s < p.pool.kernel_w; ++s) {
        const size_t iy = oy * p.pool.stride_h + r - p.pool.pad_h, ix = ox * p.pool.stride_w + s - p.pool.pad_w;
        if (iy < x[1] && ix < x[2]) best = std::max(best, o.inputs[0][((n * x[1] + iy) * x[2] + ix) * x[3] + channel]);
      }
    }
    o.outputs[0][i] = std::min(std::max(best, double{p.lo}), double{p.hi});
    o.outputs[1][i] = o.outputs[0][i] >= 0 ? 1 : 0;
  }
}

}  // namespace lowtide::reference
