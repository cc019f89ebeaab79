// SPDX-License-Identifier: Apache-2.0
// pool2d: shapes and gradients. The maximum's place is found again in the backward pass instead of being kept: the
// comparison is cheaper than an index per output, and evaluation carries nothing for it.
#include "engine/ops/pool2d/pool2d.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/pool2d/lower.hpp"
#include "engine/ops/rules.hpp"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::Node;

constexpr graph::ParamField kFields[] = {
    {"kernel_h", offsetof(Pool2dOpParams, kernel_h), FieldType::u32},
    {"kernel_w", offsetof(Pool2dOpParams, kernel_w), FieldType::u32},
    {"stride_h", offsetof(Pool2dOpParams, stride_h), FieldType::u32},
    {"stride_w", offsetof(Pool2dOpParams, stride_w), FieldType::u32},
    {"pad_h", offsetof(Pool2dOpParams, pad_h), FieldType::u32},
    {"pad_w", offsetof(Pool2dOpParams, pad_w), FieldType::u32},
    {"count_includes_pad", offsetof(Pool2dOpParams, count_includes_pad), FieldType::u32},
    {"input_h", offsetof(Pool2dOpParams, input_h), FieldType::u32},
    {"input_w", offsetof(Pool2dOpParams, input_w), FieldType::u32},
};

constexpr uint32_t kMaxKernel = 16384;  // keeps every sum of positions far from 2^32

Result<uint32_t> output_extent(const char* axis, uint32_t extent, uint32_t kernel, uint32_t stride, uint32_t pad) {
  if (kernel == 0 || kernel > kMaxKernel || stride == 0 || stride > kMaxKernel || pad > kernel / 2) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("along {} kernel and stride must be 1 to {} and the padding at most half the kernel, but "
                            "kernel {}, stride {} and padding {} are asked for",
                            axis, kMaxKernel, kernel, stride, pad));
  }
  if (uint64_t{extent} + 2 * uint64_t{pad} < kernel) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("a window of {} does not fit into {} pixels along {} with padding {}", kernel, extent, axis, pad));
  }
  return (extent + 2 * pad - kernel) / stride + 1;
}

Result<Shape> pooled_shape(const Shape& x, const Pool2dOpParams& p) {
  LOWTIDE_TRY(const uint32_t oh, output_extent("h", x[1], p.kernel_h, p.stride_h, p.pad_h));
  LOWTIDE_TRY(const uint32_t ow, output_extent("w", x[2], p.kernel_w, p.stride_w, p.pad_w));
  return Shape{x[0], oh, ow, x[3]};
}

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "the input"));
  LOWTIDE_TRY(const Shape y, pooled_shape(graph.desc(node.in(0)).shape, node.params<Pool2dOpParams>()));
  return std::vector{f32_desc(y)};
}

Result<void> expect_gradient_shape(const Shape& expected, const TensorDesc& dy) {
  if (dy == f32_desc(expected)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the gradient must be {}, but is {}", to_string(f32_desc(expected)), to_string(dy)));
}

Descs infer_max_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "the input"));
  const TensorDesc& x = graph.desc(node.in(0));
  LOWTIDE_TRY(const Shape y, pooled_shape(x.shape, node.params<Pool2dOpParams>()));
  LOWTIDE_TRY_VOID(expect_gradient_shape(y, graph.desc(node.in(1))));
  return std::vector{x};
}

Descs infer_average_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 4, "the gradient"));
  const TensorDesc& dy = graph.desc(node.in(0));
  const auto p = node.params<Pool2dOpParams>();
  const Shape x = {dy.shape[0], p.input_h, p.input_w, dy.shape[3]};
  LOWTIDE_TRY(const Shape y, pooled_shape(x, p));
  LOWTIDE_TRY_VOID(expect_gradient_shape(y, dy));
  return std::vector{f32_desc(x)};
}

Result<void> differentiate_max(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kMaxPool2dBackwardOp, node.name + "/backward_input",
                                           node.params<Pool2dOpParams>(), {node.in(0), builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dx);
}

Result<void> differentiate_average(const Node& node, graph::GradientBuilder& builder) {
  auto params = node.params<Pool2dOpParams>();
  params.input_h = builder.graph().desc(node.in(0)).shape[1];
  params.input_w = builder.graph().desc(node.in(0)).shape[2];
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kAveragePool2dBackwardOp, node.name + "/backward_input",
                                           params, {builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dx);
}

}  // namespace

const graph::OpInfo kMaxPool2dOp = {.name = "max_pool2d",
                                    .fields = kFields,
                                    .param_bytes = sizeof(Pool2dOpParams),
                                    .infer = infer_forward,
                                    .differentiate = differentiate_max,
                                    .lower = pool2d_lowering::max_forward};

const graph::OpInfo kMaxPool2dBackwardOp = {.name = "max_pool2d_backward_input",
                                            .fields = kFields,
                                            .param_bytes = sizeof(Pool2dOpParams),
                                            .infer = infer_max_backward,
                                            .lower = pool2d_lowering::max_backward};

const graph::OpInfo kAveragePool2dOp = {.name = "average_pool2d",
                                        .fields = kFields,
                                        .param_bytes = sizeof(Pool2dOpParams),
                                        .infer = infer_forward,
                                        .differentiate = differentiate_average,
                                        .lower = pool2d_lowering::average_forward};

const graph::OpInfo kAveragePool2dBackwardOp = {.name = "average_pool2d_backward_input",
                                                .fields = kFields,
                                                .param_bytes = sizeof(Pool2dOpParams),
                                                .infer = infer_average_backward,
                                                .lower = pool2d_lowering::average_backward};

Result<ValueId> max_pool2d(Graph& graph, std::string name, ValueId x, const Pool2dOpParams& params) {
  return append_one(graph, kMaxPool2dOp, std::move(name), params, {x});
}

Result<ValueId> average_pool2d(Graph& graph, std::string name, ValueId x, const Pool2dOpParams& params) {
  return append_one(graph, kAveragePool2dOp, std::move(name), params, {x});
}

}  // namespace lowtide::ops
