// SPDX-License-Identifier: Apache-2.0
// Reference of global_average_pool: the mean over all pixels; dx = dy / pixels.
#include <algorithm>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void global_average_pool(const Operands& o) {
  const Shape& x = o.in_desc(0).shape;
  const size_t pixels = size_t{x[1]} * x[2], channels = x[3];
  std::fill(o.outputs[0].begin(), o.outputs[0].end(), 0.0);
  for (size_t i = 0; i < o.inputs[0].size(); ++i) {
    o.outputs[0][i / channels / pixels * channels + i % channels] += o.inputs[0][i] / static_cast<double>(pixels);
  }
}

void global_average_pool_backward_input(const Operands& o) {
  const Shape& dx = o.out_desc().shape;
  const size_t pixels = size_t{dx[1]} * dx[2], channels = dx[3];
  for (size_t i = 0; i < o.outputs[0].size(); ++i) {
    o.outputs[0][i] = o.inputs[0][i / channels / pixels * channels + i % channels] / static_cast<double>(pixels);
  }
}

}  // namespace lowtide::reference
