// SPDX-License-Identifier: Apache-2.0
// Conv2dGeometry: every extent of a convolution in one place, whichever of its three ops it comes from. Where its
// numbers come from is conv2d.cpp's matter; what is done with them, lower.cpp's.
#pragma once

#include <cstdint>

#include "engine/ops/conv2d/conv2d.hpp"

namespace lowtide::ops {

struct Conv2dGeometry {
  uint32_t n, h, w, c;  // x
  uint32_t oh, ow, k;   // y
  uint32_t r, s;        // kernel
  Conv2dParams params;
  bool has_codes = false;  // x is given by its codes; not of backward_input

  uint32_t group_c() const { return c / params.groups; }
  uint32_t group_k() const { return k / params.groups; }
  uint64_t x_count() const { return uint64_t{n} * h * w * c; }
  uint64_t y_count() const { return uint64_t{n} * oh * ow * k; }
  uint64_t w_count() const { return uint64_t{k} * r * s * group_c(); }
  uint64_t multiply_adds() const { return y_count() * r * s * group_c(); }
};

// Valid nodes only: the shape rule has accepted them.
Conv2dGeometry conv2d_geometry(const graph::Node& node, const graph::Graph& graph);

// y = x w^T as a convolution: the n rows become the columns of one image of height one.
inline Conv2dGeometry dense_geometry(uint32_t n, uint32_t c, uint32_t k, float output_scale, Operands operands) {
  return {1, 1, n, c, 1, n, k, 1, 1, {.output_scale = output_scale, .operands = operands}};
}

}  // namespace lowtide::ops
