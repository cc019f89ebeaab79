// SPDX-License-Identifier: Apache-2.0
// Reference of packed_max_pool2d: the code of the largest level of each window.
#include "engine/ops/packed_pool2d/packed_pool2d.hpp"

#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void packed_max_pool2d(const Operands& o) {
  const auto p = o.node.params<ops::PackedPool2dOpParams>();
  const Shape& x = o.in_desc(0).shape;
  const Shape& y = o.out_desc().shape;
  const auto h = static_cast<int64_t>(x[1]), w = static_cast<int64_t>(x[2]);
  const uint32_t bits = planes_of(o.in_desc(0).dtype);
  size_t i = 0;
  for (size_t n = 0; n < y[0]; ++n) {
    for (int64_t oy = 0; oy < y[1]; ++oy) {
      for (int64_t ox = 0; ox < y[2]; ++ox) {
        const int64_t top = oy * p.stride_h - p.pad_h, left = ox * p.stride_w - p.pad_w;
        for (size_t c = 0; c < y[3]; ++c) {
          uint32_t best = 0;  // a rank
          for (int64_t iy = std::max<int64_t>(top, 0); iy < std::min(top + p.window_h, h); ++iy) {
            for (int64_t ix = std::max<int64_t>(left, 0); ix < std::min(left + p.window_w, w); ++ix) {
              const size_t pixel = (n * x[1] + static_cast<size_t>(iy)) * x[2] + static_cast<size_t>(ix);
              const auto code = static_cast<uint32_t>(o.inputs[0][pixel * x[3] + c]);
              best = std::max(best, quant::activation_rank(code, p.activation, bits));
            }
          }
          o.outputs[0][i++] = quant::activation_code_of_rank(best, p.activation, bits);
        }
      }
    }
  }
}

}  // namespace lowtide::reference
