// SPDX-License-Identifier: Apache-2.0
// Reference of packed_pixels: products one by one, in 64-bit integers. f32 outputs are computed in f32, operation by
// operation, because that is how they are defined.
#include "engine/ops/packed_pixels/packed_pixels.hpp"

#include "engine/base/ints.hpp"
#include "engine/quant/fold.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

using ops::PackedPixelsOpParams;

int64_t accumulator(const Operands& o, const PackedPixelsOpParams& p, size_t n, size_t oy, size_t ox, size_t k) {
  const Shape& x = o.in_desc(0).shape;
  int64_t acc = 0;
  size_t row = 0;  // of w
  for (size_t r = 0; r < p.kernel_h; ++r) {
    for (size_t s = 0; s < p.kernel_w; ++s) {
      const auto iy = static_cast<int64_t>(oy * p.stride_h + r) - static_cast<int64_t>(p.pad_h);
      const auto ix = static_cast<int64_t>(ox * p.stride_w + s) - static_cast<int64_t>(p.pad_w);
      const bool is_inside = iy >= 0 && ix >= 0 && iy < static_cast<int64_t>(x[1]) && ix < static_cast<int64_t>(x[2]);
      for (size_t c = 0; c < x[3]; ++c, ++row) {
        if (!is_inside) continue;
        const size_t at = ((n * x[1] + static_cast<size_t>(iy)) * x[2] + static_cast<size_t>(ix)) * x[3] + c;
        acc +=
            static_cast<int64_t>(o.inputs[0][at]) * static_cast<int64_t>(o.inputs[1][row * o.in_desc(1).shape[1] + k]);
      }
    }
  }
  return acc;
}

double output_of(const Operands& o, const PackedPixelsOpParams& p, int32_t acc, size_t k) {
  if (p.output == ops::PackedOutput::codes) {
    const uint32_t rows = quant::threshold_rows(p.output_activation, p.output_bits);
    uint32_t rank = 0;
    for (size_t i = 1; i < rows; ++i) {
      if (o.inputs[2][k] * acc >= o.inputs[2][i * o.out_desc().shape[3] + k]) ++rank;
    }
    return quant::activation_code_of_rank(rank, p.output_activation, p.output_bits);
  }
  float y = static_cast<float>(acc) * p.output_scale;
  y = y * static_cast<float>(o.inputs[2][k]);
  y = y + static_cast<float>(o.inputs[3][k]);
  return y;
}

}  // namespace

void packed_pixels(const Operands& o) {
  const auto p = o.node.params<PackedPixelsOpParams>();
  const Shape& y = o.out_desc().shape;
  for (size_t i = 0; i < y.element_count(); ++i) {
    const size_t k = i % y[3], ox = i / y[3] % y[2], oy = i / y[3] / y[2] % y[1], n = i / y[3] / y[2] / y[1];
    o.outputs[0][i] = output_of(o, p, narrow<int32_t>(accumulator(o, p, n, oy, ox, k)), k);
  }
}

}  // namespace lowtide::reference
