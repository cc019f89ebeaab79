// SPDX-License-Identifier: Apache-2.0
// packed_max_pool2d: shape rule and lowering.
#include "engine/ops/packed_pool2d/packed_pool2d.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/ops/rules.hpp"
#include "gen/kernels/packed_pool2d.hpp"
#include "shaders/packed_pool2d/packed_pool2d.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = PackedPool2dOpParams;

constexpr graph::ParamField kFields[] = {{"window_h", offsetof(Params, window_h), FieldType::u32},
                                         {"window_w", offsetof(Params, window_w), FieldType::u32},
                                         {"stride_h", offsetof(Params, stride_h), FieldType::u32},
                                         {"stride_w", offsetof(Params, stride_w), FieldType::u32},
                                         {"pad_h", offsetof(Params, pad_h), FieldType::u32},
                                         {"pad_w", offsetof(Params, pad_w), FieldType::u32},
                                         {"activation", offsetof(Params, activation), FieldType::u32}};

// Places of the window along one axis, 0 where there is none or one lies wholly outside x.
uint32_t places(uint64_t extent, uint64_t window, uint64_t stride, uint64_t pad) {
  if (window == 0 || stride == 0 || pad >= window || extent + 2 * pad < window) return 0;
  const uint64_t count = (extent + 2 * pad - window) / stride + 1;
  return (count - 1) * stride < extent + pad ? static_cast<uint32_t>(count) : 0;
}

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  const auto p = node.params<Params>();
  const TensorDesc& x = graph.desc(node.in(0));
  if (!is_packed(x.dtype) || x.shape.rank() != 4) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': packed pooling needs packed codes [n, h, w, c], not {}", node.name, to_string(x)));
  }
  if (p.activation > quant::ActivationKind::shift || !quant::has_bits(p.activation, planes_of(x.dtype))) {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}': {} does not hold codes of kind {}", node.name,
                                                         to_string(x), static_cast<uint32_t>(p.activation)));
  }
  const uint32_t oh = places(x.shape[1], p.window_h, p.stride_h, p.pad_h);
  const uint32_t ow = places(x.shape[2], p.window_w, p.stride_w, p.pad_w);
  if (oh == 0 || ow == 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': a {}x{} window with stride {}x{} and padding {}x{} does not go with {}", node.name,
                            p.window_h, p.window_w, p.stride_h, p.stride_w, p.pad_h, p.pad_w, to_string(x)));
  }
  return std::vector{TensorDesc{x.dtype, Shape{x.shape[0], oh, ow, x.shape[3]}}};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const auto p = node.params<Params>();
  const TensorDesc& x = graph.desc(node.in(0));
  const TensorDesc& y = graph.desc(node.out());
  const shaders::PackedPool2dParams params = {.pixels = narrow<uint32_t>(y.shape.row_count()),
                                              .h = x.shape[1],
                                              .w = x.shape[2],
                                              .oh = y.shape[1],
                                              .ow = y.shape[2],
                                              .words = x.channel_words(),
                                              .window_h = p.window_h,
                                              .window_w = p.window_w,
                                              .stride_h = p.stride_h,
                                              .stride_w = p.stride_w,
                                              .pad_h = p.pad_h,
                                              .pad_w = p.pad_w};
  kernels::packed_pool2d_max_forward kernel{.x = node.in(0), .y = node.out()};
  kernel.spec.planes = planes_of(x.dtype);
  kernel.spec.is_shift = p.activation == quant::ActivationKind::shift;
  out.add(kernel, params, groups_for(uint64_t{params.pixels} * params.words, kernel.local_size));
  return {};
}

}  // namespace

const graph::OpInfo kPackedMaxPool2dOp = {.name = "packed_max_pool2d",
                                          .fields = kFields,
                                          .param_bytes = sizeof(Params),
                                          .infer = infer,
                                          .lower = lower,
                                          .is_exact = true};

Result<ValueId> packed_max_pool2d(Graph& graph, std::string name, ValueId x, const PackedPool2dOpParams& params) {
  return append_one(graph, kPackedMaxPool2dOp, std::move(name), params, {x});
}

}  // namespace lowtide::ops
