// SPDX-License-Identifier: Apache-2.0
// draw_select: shape, gradient and lowering.
#include "engine/ops/draw_select/draw_select.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/draw_select.hpp"
#include "shaders/draw_select/draw_select.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {{"stream", offsetof(DrawSelectOpParams, stream), FieldType::u32}};

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the quantised tensor"));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(1), "a tensor with and without its rounding"));
  LOWTIDE_CHECK(graph.value(node.in(2)).role == graph::Role::step, "draw_select's third input is the step block");
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  return builder.accumulate(node.in(0), builder.gradient(node.out()));
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = vec4_grid(shape, shape.element_count(), target);
  const shaders::DrawSelectParams params = {
      .count = grid.count, .stride = grid.stride, .stream = node.params<DrawSelectOpParams>().stream};
  const auto add = [&](auto kernel) {
    kernel.a = node.in(0);
    kernel.b = node.in(1);
    kernel.step_block = node.in(2);
    kernel.y = node.out();
    out.add(kernel, params, grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::draw_select_forward_vec4{});
  } else {
    add(kernels::draw_select_forward_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kDrawSelectOp = {.name = "draw_select",
                                     .fields = kFields,
                                     .param_bytes = sizeof(DrawSelectOpParams),
                                     .infer = infer,
                                     .differentiate = differentiate,
                                     .lower = lower};

Result<ValueId> draw_select(Graph& graph, std::string name, ValueId a, ValueId b, uint32_t stream) {
  const ValueId step_block = graph.step_block();
  return append_one(graph, kDrawSelectOp, std::move(name), DrawSelectOpParams{stream}, {a, b, step_block});
}

}  // namespace lowtide::ops
