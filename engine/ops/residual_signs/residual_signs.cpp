// SPDX-License-Identifier: Apache-2.0
// residual_signs: shape rule and lowering.
#include "engine/ops/residual_signs/residual_signs.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/ops/rules.hpp"
#include "gen/kernels/residual_signs.hpp"
#include "shaders/residual_signs/residual_signs.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = ResidualSignsOpParams;

constexpr graph::ParamField kFields[] = {{"lo", offsetof(Params, lo), FieldType::f32},
                                         {"hi", offsetof(Params, hi), FieldType::f32}};

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  const auto p = node.params<Params>();
  if (!(p.lo <= p.hi)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("lo of '{}' must not be above hi, but they are {} and {}", node.name, p.lo, p.hi));
  }
  LOWTIDE_TRY_VOID(infer_like_equal_inputs(node, graph));
  const TensorDesc& a = graph.desc(node.in(0));
  if (a.shape.rank() == 0) {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' needs channels, but its inputs are scalars", node.name));
  }
  return std::vector{a, TensorDesc{packed_dtype(1), a.shape}};
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto p = node.params<Params>();
  const TensorDesc& codes = graph.desc(node.outputs[1]);
  const shaders::ResidualSignsParams params = {
      .rows = narrow<uint32_t>(codes.shape.row_count()), .c = codes.shape.last(), .lo = p.lo, .hi = p.hi};
  const auto add = [&](auto kernel) {
    kernel.a = node.in(0);
    kernel.b = node.in(1);
    kernel.y = node.outputs[0];
    kernel.codes = node.outputs[1];
    out.add(kernel, params, groups_for(uint64_t{params.rows} * codes.channel_words(), kernel.local_size));
  };
  if (!target.naive_only && params.c % 4 == 0) {
    add(kernels::residual_signs_forward_vec4{});
  } else {
    add(kernels::residual_signs_forward_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kResidualSignsOp = {
    .name = "residual_signs", .fields = kFields, .param_bytes = sizeof(Params), .infer = infer, .lower = lower};

Result<ResidualSigns> residual_signs(Graph& graph, std::string name, ValueId a, ValueId b, const Params& params) {
  LOWTIDE_TRY(const Node* node, graph.append(kResidualSignsOp, std::move(name), &params, sizeof params, {a, b}));
  return ResidualSigns{node->outputs[0], node->outputs[1]};
}

}  // namespace lowtide::ops
