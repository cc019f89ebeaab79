// SPDX-License-Identifier: Apache-2.0
// pack and unpack: shape rules and lowering. No gradient: they exist for inference.
#include "engine/ops/pack/pack.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/ops/rules.hpp"
#include "gen/kernels/pack.hpp"
#include "shaders/pack/pack.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using quant::ActivationKind;

constexpr graph::ParamField kPackFields[] = {{"kind", offsetof(PackOpParams, kind), FieldType::u32},
                                             {"bits", offsetof(PackOpParams, bits), FieldType::u32}};
constexpr graph::ParamField kUnpackFields[] = {{"kind", offsetof(UnpackOpParams, kind), FieldType::u32}};

Result<void> expect_codes(const Node& node, ActivationKind kind, uint32_t bits) {
  const uint32_t highest = kind == ActivationKind::signs ? 1 : quant::kMaxBits;
  if (kind <= ActivationKind::signs && bits >= 1 && bits <= highest) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}': codes of {} bits, kind {}: unsigned levels have 1 to 8 bits, signs have one",
                          node.name, bits, static_cast<uint32_t>(kind)));
}

Descs infer_pack(const Node& node, const Graph& graph) {
  const auto params = node.params<PackOpParams>();
  check_input_count(node, node.inputs.size() == 1 ? 1 : 3);
  LOWTIDE_TRY_VOID(expect_codes(node, params.kind, params.bits));
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input of pack"));
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(i), "multiplier and offset of pack"));
  }
  return std::vector{TensorDesc{packed_dtype(params.bits), graph.desc(node.in(0)).shape}};
}

Descs infer_unpack(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  const TensorDesc& x = graph.desc(node.in(0));
  if (!is_packed(x.dtype)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': unpack needs packed codes, not {}", node.name, to_string(x)));
  }
  LOWTIDE_TRY_VOID(expect_codes(node, node.params<UnpackOpParams>().kind, planes_of(x.dtype)));
  return std::vector{f32_desc(x.shape)};
}

shaders::PackParams kernel_params(const TensorDesc& codes, ActivationKind kind, bool has_affine) {
  return {.rows = narrow<uint32_t>(codes.shape.row_count()),
          .c = codes.shape.last(),
          .planes = planes_of(codes.dtype),
          .is_signs = kind == ActivationKind::signs,
          .has_affine = has_affine};
}

Result<void> lower_pack(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const bool has_affine = node.inputs.size() == 3;
  const TensorDesc& y = graph.desc(node.out());
  const auto params = kernel_params(y, node.params<PackOpParams>().kind, has_affine);
  // Without an affine step its bindings get x, which the kernel then does not read through them.
  const kernels::pack_forward kernel{.x = node.in(0),
                                     .multiplier = node.in(has_affine ? 1 : 0),
                                     .offset = node.in(has_affine ? 2 : 0),
                                     .y = node.out()};
  out.add(kernel, params, groups_for(uint64_t{params.rows} * y.channel_words(), kernel.local_size));
  return {};
}

Result<void> lower_unpack(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const TensorDesc& x = graph.desc(node.in(0));
  const auto params = kernel_params(x, node.params<UnpackOpParams>().kind, false);
  const kernels::pack_unpack_forward kernel{.x = node.in(0), .levels = node.out()};
  out.add(kernel, params, groups_for(x.element_count(), kernel.local_size));
  return {};
}

}  // namespace

const graph::OpInfo kPackOp = {.name = "pack",
                               .fields = kPackFields,
                               .param_bytes = sizeof(PackOpParams),
                               .infer = infer_pack,
                               .lower = lower_pack};

const graph::OpInfo kUnpackOp = {.name = "unpack",
                                 .fields = kUnpackFields,
                                 .param_bytes = sizeof(UnpackOpParams),
                                 .infer = infer_unpack,
                                 .lower = lower_unpack};

Result<ValueId> pack(Graph& graph, std::string name, ValueId x, const PackOpParams& params) {
  return append_one(graph, kPackOp, std::move(name), params, {x});
}

Result<ValueId> pack_affine(Graph& graph, std::string name, ValueId x, ValueId multiplier, ValueId offset,
                            const PackOpParams& params) {
  return append_one(graph, kPackOp, std::move(name), params, {x, multiplier, offset});
}

Result<ValueId> unpack(Graph& graph, std::string name, ValueId x, ActivationKind kind) {
  return append_one(graph, kUnpackOp, std::move(name), UnpackOpParams{kind}, {x});
}

}  // namespace lowtide::ops
