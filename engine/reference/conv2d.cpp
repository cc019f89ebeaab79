// SPDX-License-Identifier: Apache-2.0
// Reference of conv2d, conv2d_affine and the gradients. All walk over the same (output pixel, output channel, tap,
// input channel) tuples of the definition in engine/ops/conv2d/conv2d.hpp and differ only in what they add where.
#include "engine/ops/conv2d/conv2d.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/ops/conv2d/geometry.hpp"
#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

// Calls visit(x index, w index, y index) for every product of the convolution.
template <class Visit>
void for_each_product(const ops::Conv2dGeometry& g, Visit visit) {
  const ops::Conv2dParams& p = g.params;
  const int64_t group_c = g.group_c(), group_k = g.group_k();
  for (int64_t n = 0; n < g.n; ++n) {
    for (int64_t oy = 0; oy < g.oh; ++oy) {
      for (int64_t ox = 0; ox < g.ow; ++ox) {
        for (int64_t r = 0; r < g.r; ++r) {
          for (int64_t s = 0; s < g.s; ++s) {
            const int64_t iy = oy * p.stride_h + r * p.dilation_h - p.pad_h;
            const int64_t ix = ox * p.stride_w + s * p.dilation_w - p.pad_w;
            if (iy < 0 || iy >= g.h || ix < 0 || ix >= g.w) continue;
            for (int64_t k = 0; k < g.k; ++k) {
              const int64_t x_first = ((n * g.h + iy) * g.w + ix) * g.c + k / group_k * group_c;
              const int64_t w_first = ((k * g.r + r) * g.s + s) * group_c;
              const int64_t y = ((n * g.oh + oy) * g.ow + ox) * g.k + k;
              for (int64_t c = 0; c < group_c; ++c) {
                visit(static_cast<size_t>(x_first + c), static_cast<size_t>(w_first + c), static_cast<size_t>(y));
              }
            }
          }
        }
      }
    }
  }
}

// result = output_scale * the sums that `add` makes in it.
template <class Add>
void convolve(const Operands& o, Add add) {
  const ops::Conv2dGeometry g = ops::conv2d_geometry(o.node, o.graph);
  const std::span<double> result = o.outputs[0];
  std::fill(result.begin(), result.end(), 0.0);
  for_each_product(g, add);
  for (double& value : result) value *= static_cast<double>(g.params.output_scale);
}

// x; of pixels the value in the table; of codes the level, six bits in two's complement.
std::vector<double> input_of(const Operands& o) {
  std::vector<double> x(o.inputs[0].begin(), o.inputs[0].end());
  if (o.in_desc(0).dtype != DType::u8) return x;
  if (o.node.op == &ops::kConv2dAffineOp) {
    const size_t c = o.in_desc(0).shape.last();
    for (size_t i = 0; i < x.size(); ++i) x[i] = o.inputs[4][i % c * 256 + static_cast<size_t>(x[i])];
    return x;
  }
  for (double& element : x) {
    element = std::fmod(element, 64);
    if (element >= 32) element -= 64;
  }
  return x;
}

}  // namespace

void conv2d(const Operands& o) {
  const std::vector<double> x = input_of(o);
  convolve(o, [&](size_t from, size_t w, size_t y) { o.outputs[0][y] += x[from] * o.inputs[1][w]; });
}

void conv2d_affine(const Operands& o) {
  conv2d(o);
  const auto p = o.node.params<ops::Conv2dAffineOpParams>();
  const size_t channels = o.inputs[2].size();
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    const double y = o.outputs[0][i] * o.inputs[2][i % channels] + o.inputs[3][i % channels];
    o.outputs[0][i] = std::min(std::max(y, double{p.lo}), double{p.hi});
  }
}

void conv2d_backward_input(const Operands& o) {
  convolve(o, [&](size_t x, size_t w, size_t y) { o.outputs[0][x] += o.inputs[0][w] * o.inputs[1][y]; });
}

void conv2d_backward_weight(const Operands& o) {
  const std::vector<double> x = input_of(o);
  convolve(o, [&](size_t from, size_t w, size_t y) { o.outputs[0][w] += x[from] * o.inputs[1][y]; });
}

}  // namespace lowtide::reference
