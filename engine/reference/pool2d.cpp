// SPDX-License-Identifier: Apache-2.0
// Reference of max_pool2d and average_pool2d with their gradients: window by window, scattering.
#include "engine/ops/pool2d/pool2d.hpp"

#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

// Calls visit(index of y, indices of the window's pixels in x, in row-major order) for every window and channel.
template <class Visit>
void for_each_window(const ops::Pool2dOpParams& p, const Shape& x, const Shape& y, const Visit& visit) {
  std::vector<size_t> pixels;
  for (size_t out = 0; out < y.element_count(); ++out) {
    const size_t channel = out % y[3], ox = out / y[3] % y[2], oy = out / y[3] / y[2] % y[1];
    const size_t image = out / y[3] / y[2] / y[1];
    pixels.clear();
    for (size_t r = 0; r < p.kernel_h; ++r) {
      for (size_t s = 0; s < p.kernel_w; ++s) {
        const size_t padded_y = oy * p.stride_h + r, padded_x = ox * p.stride_w + s;
        if (padded_y < p.pad_h || padded_y >= p.pad_h + x[1] || padded_x < p.pad_w || padded_x >= p.pad_w + x[2]) {
          continue;
        }
        pixels.push_back(((image * x[1] + padded_y - p.pad_h) * x[2] + padded_x - p.pad_w) * x[3] + channel);
      }
    }
    visit(out, pixels);
  }
}

size_t first_maximum(std::span<const double> x, const std::vector<size_t>& pixels) {
  return *std::max_element(pixels.begin(), pixels.end(), [&](size_t a, size_t b) { return x[a] < x[b]; });
}

double average_count(const ops::Pool2dOpParams& p, const std::vector<size_t>& pixels) {
  return p.count_includes_pad != 0 ? double{1} * p.kernel_h * p.kernel_w : static_cast<double>(pixels.size());
}

}  // namespace

void max_pool2d(const Operands& o) {
  for_each_window(
      o.node.params<ops::Pool2dOpParams>(), o.in_desc(0).shape, o.out_desc().shape,
      [&](size_t out, const auto& pixels) { o.outputs[0][out] = o.inputs[0][first_maximum(o.inputs[0], pixels)]; });
}

void max_pool2d_backward_input(const Operands& o) {
  std::fill(o.outputs[0].begin(), o.outputs[0].end(), 0.0);
  for_each_window(
      o.node.params<ops::Pool2dOpParams>(), o.in_desc(0).shape, o.in_desc(1).shape,
      [&](size_t out, const auto& pixels) { o.outputs[0][first_maximum(o.inputs[0], pixels)] += o.inputs[1][out]; });
}

void average_pool2d(const Operands& o) {
  const auto p = o.node.params<ops::Pool2dOpParams>();
  for_each_window(p, o.in_desc(0).shape, o.out_desc().shape, [&](size_t out, const auto& pixels) {
    double sum = 0;
    for (const size_t pixel : pixels) sum += o.inputs[0][pixel];
    o.outputs[0][out] = sum / average_count(p, pixels);
  });
}

void average_pool2d_backward_input(const Operands& o) {
  const auto p = o.node.params<ops::Pool2dOpParams>();
  std::fill(o.outputs[0].begin(), o.outputs[0].end(), 0.0);
  for_each_window(p, o.out_desc().shape, o.in_desc(0).shape, [&](size_t out, const auto& pixels) {
    for (const size_t pixel : pixels) o.outputs[0][pixel] += o.inputs[0][out] / average_count(p, pixels);
  });
}

}  // namespace lowtide::reference
