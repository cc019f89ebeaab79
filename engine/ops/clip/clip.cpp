// SPDX-License-Identifier: Apache-2.0
// clip: shape, gradient and lowering.
#include "engine/ops/clip/clip.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/element_wise.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/clip.hpp"
#include "shaders/clip/clip.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {{"lo", offsetof(ClipOpParams, lo), FieldType::f32},
                                         {"hi", offsetof(ClipOpParams, hi), FieldType::f32}};

Result<void> expect_bounds(const Node& node) {
  const auto p = node.params<ClipOpParams>();
  if (p.lo <= p.hi) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("lo must not be above hi, but they are {} and {}", p.lo, p.hi));
}

Descs infer_forward(const Node& node, const Graph& graph) {
  LOWTIDE_TRY_VOID(expect_bounds(node));
  return infer_like_input(node, graph);
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_bounds(node));
  return infer_like_equal_inputs(node, graph);
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kClipBackwardOp, node.name + "/backward_input",
                                           node.params<ClipOpParams>(), {node.in(0), builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dx);
}

shaders::ClipParams shader_params(const Node& node, const Grid& grid) {
  const auto p = node.params<ClipOpParams>();
  return {.count = grid.count, .stride = grid.stride, .lo = p.lo, .hi = p.hi};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  lower_element_wise<kernels::clip_forward_naive, kernels::clip_forward, kernels::clip_forward_vec4>(
      node, graph, target, [&](const Grid& grid) { return shader_params(node, grid); }, out);
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  lower_element_wise_backward<kernels::clip_backward_input_naive, kernels::clip_backward_input,
                              kernels::clip_backward_input_vec4>(
      node, graph, target, [&](const Grid& grid) { return shader_params(node, grid); }, out);
  return {};
}

}  // namespace

const graph::OpInfo kClipOp = {.name = "clip",
                               .fields = kFields,
                               .param_bytes = sizeof(ClipOpParams),
                               .infer = infer_forward,
                               .differentiate = differentiate,
                               .lower = lower_forward};

const graph::OpInfo kClipBackwardOp = {.name = "clip_backward_input",
                                       .fields = kFields,
                                       .param_bytes = sizeof(ClipOpParams),
                                       .infer = infer_backward,
                                       .lower = lower_backward};

Result<ValueId> clip(Graph& graph, std::string name, ValueId x, float lo, float hi) {
  return append_one(graph, kClipOp, std::move(name), ClipOpParams{lo, hi}, {x});
}

}  // namespace lowtide::ops
