// SPDX-License-Identifier: Apache-2.0
// Pooling over windows of [n, h, w, c], f32. Output extent: floor((h + 2 pad - kernel) / stride) + 1.
//   max_pool2d      y = the window's maximum; padding never wins. Gradient: dy to the first maximum of each window in
//                   row-major order. What happens with NaN is not defined.
//   average_pool2d  y = sum / count, where count is the window's pixels inside the image, or kernel_h * kernel_w
//                   where count_includes_pad is 1. Full windows are multiplied by the f32 nearest to
//                   1 / (kernel_h * kernel_w).
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct Pool2dOpParams {
  uint32_t kernel_h = 2, kernel_w = 2;
  uint32_t stride_h = 2, stride_w = 2;
  uint32_t pad_h = 0, pad_w = 0;      // on both sides; at most half of the kernel
  uint32_t count_includes_pad = 0;    // average only: 0 or 1
  uint32_t input_h = 0, input_w = 0;  // gradient of average only, whose inputs do not tell
};

extern const graph::OpInfo kMaxPool2dOp;              // x -> y
extern const graph::OpInfo kMaxPool2dBackwardOp;      // x, dy -> dx
extern const graph::OpInfo kAveragePool2dOp;          // x -> y
extern const graph::OpInfo kAveragePool2dBackwardOp;  // dy -> dx

// A square window.
constexpr Pool2dOpParams square_pool(uint32_t kernel, uint32_t stride, uint32_t pad = 0) {
  return {.kernel_h = kernel, .kernel_w = kernel, .stride_h = stride, .stride_w = stride, .pad_h = pad, .pad_w = pad};
}

Result<ValueId> max_pool2d(graph::Graph& graph, std::string name, ValueId x, const Pool2dOpParams& params);
Result<ValueId> average_pool2d(graph::Graph& graph, std::string name, ValueId x, const Pool2dOpParams& params);

}  // namespace lowtide::ops
