// SPDX-License-Identifier: Apache-2.0
// Reference of tap_conv2d: exact integers tap by tap, then f32 in the order of the definition, because that decides
// bits.
#include "engine/ops/tap_conv2d/tap_conv2d.hpp"

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

// The integer of one tap of output channel k at an output pixel; zero outside x.
double tap_sum(const Operands& o, const ops::Conv2dParams& p, size_t n, size_t oy, size_t ox, size_t k, size_t tap) {
  const Shape& x = o.in_desc(0).shape;
  const Shape& w = o.in_desc(1).shape;
  const size_t r = tap / w[2], s = tap % w[2];
  const auto iy = static_cast<int64_t>(oy * p.stride_h + r * p.dilation_h) - static_cast<int64_t>(p.pad_h);
  const auto ix = static_cast<int64_t>(ox * p.stride_w + s * p.dilation_w) - static_cast<int64_t>(p.pad_w);
  if (iy < 0 || ix < 0 || iy >= static_cast<int64_t>(x[1]) || ix >= static_cast<int64_t>(x[2])) return 0;
  const size_t group_k = w[0] / p.groups;
  const size_t x_first =
      ((n * x[1] + static_cast<size_t>(iy)) * x[2] + static_cast<size_t>(ix)) * x[3] + k / group_k * w[3];
  const size_t w_first = (k * w[1] * w[2] + tap) * w[3];
  double sum = 0;
  for (size_t c = 0; c < w[3]; ++c) sum += o.inputs[0][x_first + c] * o.inputs[1][w_first + c];
  return sum;
}

}  // namespace

void tap_conv2d(const Operands& o) {
  const auto p = o.node.params<ops::Conv2dParams>();
  const Shape& y = o.out_desc().shape;
  const size_t taps = o.inputs[2].size();
  for (size_t i = 0; i < y.element_count(); ++i) {
    const size_t k = i % y[3], ox = i / y[3] % y[2], oy = i / y[3] / y[2] % y[1], n = i / y[3] / y[2] / y[1];
    float sum = 0;
    for (size_t tap = 0; tap < taps; ++tap) {
      const auto scaled = static_cast<float>(o.inputs[2][tap]) * static_cast<float>(tap_sum(o, p, n, oy, ox, k, tap));
      sum = sum + scaled;
    }
    o.outputs[0][i] = sum * p.output_scale;
  }
}

}  // namespace lowtide::reference
