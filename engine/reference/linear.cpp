// SPDX-License-Identifier: Apache-2.0
// Reference of linear and its gradients, as in its header.
#include "engine/ops/linear/linear.hpp"

#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

// Calls add(x index, w index, y index) for every product, then multiplies the result by output_scale.
template <class Add>
void multiply(const Operands& o, size_t n_count, size_t c_count, size_t k_count, Add add) {
  const std::span<double> result = o.outputs[0];
  std::fill(result.begin(), result.end(), 0.0);
  for (size_t n = 0; n < n_count; ++n) {
    for (size_t k = 0; k < k_count; ++k) {
      for (size_t c = 0; c < c_count; ++c) add(n * c_count + c, k * c_count + c, n * k_count + k);
    }
  }
  const double scale = static_cast<double>(o.node.params<ops::LinearParams>().output_scale);
  for (double& value : result) value *= scale;
}

}  // namespace

void linear(const Operands& o) {
  const Shape &x = o.in_desc(0).shape, &w = o.in_desc(1).shape;
  multiply(o, x[0], x[1], w[0],
           [&](size_t xi, size_t wi, size_t yi) { o.outputs[0][yi] += o.inputs[0][xi] * o.inputs[1][wi]; });
}

void linear_backward_input(const Operands& o) {
  const Shape &w = o.in_desc(0).shape, &dy = o.in_desc(1).shape;
  multiply(o, dy[0], w[1], w[0],
           [&](size_t xi, size_t wi, size_t yi) { o.outputs[0][xi] += o.inputs[0][wi] * o.inputs[1][yi]; });
}

void linear_backward_weight(const Operands& o) {
  const Shape &x = o.in_desc(0).shape, &dy = o.in_desc(1).shape;
  multiply(o, x[0], x[1], dy[1],
           [&](size_t xi, size_t wi, size_t yi) { o.outputs[0][wi] += o.inputs[0][xi] * o.inputs[1][yi]; });
}

}  // namespace lowtide::reference
