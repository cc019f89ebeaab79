// SPDX-License-Identifier: Apache-2.0
// pooled_signs: shape rule and lowering.
#include "engine/ops/pooled_signs/pooled_signs.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/ops/rules.hpp"
#include "gen/kernels/pooled_signs.hpp"
#include "shaders/pooled_signs/pooled_signs.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = PooledSignsOpParams;

static_assert(offsetof(Params, pool) == 0);
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
    {"lo", offsetof(Params, lo), FieldType::f32},
    {"hi", offsetof(Params, hi), FieldType::f32},
};

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  const auto p = node.params<Params>();
  if (!(p.lo <= p.hi)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("lo of '{}' must not be above hi, but they are {} and {}", node.name, p.lo, p.hi));
  }
  Node pool = node;
  pool.set_params(&p.pool, sizeof p.pool);
  LOWTIDE_TRY(auto descs, kMaxPool2dOp.infer(pool, graph));
  if (p.pool.kernel_h * p.pool.kernel_w > kMostPooledPixels) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the window of '{}' has {} pixels, and at most {} are taken", node.name,
                            p.pool.kernel_h * p.pool.kernel_w, kMostPooledPixels));
  }
  descs.push_back({packed_dtype(1), descs.front().shape});
  return descs;
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto p = node.params<Params>();
  const Shape& x = graph.desc(node.in(0)).shape;
  const TensorDesc& codes = graph.desc(node.outputs[1]);
  const shaders::PooledSignsParams params = {.rows = narrow<uint32_t>(codes.shape.row_count()),
                                             .c = x.last(),
                                             .h = x[1],
                                             .w = x[2],
                                             .oh = codes.shape[1],
                                             .ow = codes.shape[2],
                                             .lo = p.lo,
                                             .hi = p.hi};
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.y = node.outputs[0];
    kernel.codes = node.outputs[1];
    kernel.spec.kernel_h = p.pool.kernel_h;
    kernel.spec.kernel_w = p.pool.kernel_w;
    kernel.spec.stride_h = p.pool.stride_h;
    kernel.spec.stride_w = p.pool.stride_w;
    kernel.spec.pad_h = p.pool.pad_h;
    kernel.spec.pad_w = p.pool.pad_w;
    out.add(kernel, params, groups_for(uint64_t{params.rows} * codes.channel_words(), kernel.local_size));
  };
  if (!target.naive_only && params.c % 4 == 0) {
    add(kernels::pooled_signs_forward_vec4{});
  } else {
    add(kernels::pooled_signs_forward_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kPooledSignsOp = {
    .name = "pooled_signs", .fields = kFields, .param_bytes = sizeof(Params), .infer = infer, .lower = lower};

}  // namespace lowtide::ops
