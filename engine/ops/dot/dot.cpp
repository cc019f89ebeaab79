// SPDX-License-Identifier: Apache-2.0
// dot: sums of slices, then their sum.
#include "engine/ops/dot/dot.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "engine/ops/sum.hpp"
#include "gen/kernels/dot.hpp"
#include "shaders/dot/dot.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {{"factor", offsetof(DotOpParams, factor), FieldType::f32}};

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(infer_like_equal_inputs(node, graph));
  return std::vector{f32_desc(Shape{})};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the other operand"));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId dy = builder.gradient(node.out());
  const auto params = node.params<DotOpParams>();
  for (size_t i = 0; i < 2; ++i) {
    if (!builder.needs_gradient(node.in(i))) continue;
    LOWTIDE_TRY(const ValueId d, append_one(builder.graph(), kDotBackwardOp, node.name + "/backward_input", params,
                                            {node.in(1 - i), dy}));
    LOWTIDE_TRY_VOID(builder.accumulate(node.in(i), d));
  }
  return {};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const uint64_t elements = graph.desc(node.in(0)).element_count();
  const float factor = node.params<DotOpParams>().factor;
  if (target.naive_only) {
    out.add(kernels::dot_forward_naive{.a = node.in(0), .b = node.in(1), .y = node.out()},
            shaders::DotParams{.count = narrow<uint32_t>(elements), .factor = factor}, Groups{});
    return {};
  }
  const Slices slices = slices_of(elements);
  const ValueId partials = out.scratch(uint64_t{slices.count} * 4);
  const auto add = [&](auto kernel) {
    kernel.a = node.in(0);
    kernel.b = node.in(1);
    kernel.partials = partials;
    out.add(kernel, shaders::DotSlicesParams{.count = slices.items, .slice = slices.items_each, .slices = slices.count},
            slices.groups());
  };
  if (slices.is_vec4) {
    add(kernels::dot_forward_slices_vec4{});
  } else {
    add(kernels::dot_forward_slices{});
  }
  lower_sum(target, partials, slices.count, factor, node.out(), out);
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = vec4_grid(shape, shape.element_count(), target);
  const auto add = [&](auto kernel) {
    kernel.other = node.in(0);
    kernel.dy = node.in(1);
    kernel.dx = node.out();
    out.add(kernel,
            shaders::DotGradientParams{
                .count = grid.count, .stride = grid.stride, .factor = node.params<DotOpParams>().factor},
            grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::dot_backward_input_vec4{});
  } else {
    add(kernels::dot_backward_input_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kDotOp = {.name = "dot",
                              .fields = kFields,
                              .param_bytes = sizeof(DotOpParams),
                              .infer = infer_forward,
                              .differentiate = differentiate,
                              .lower = lower_forward};

const graph::OpInfo kDotBackwardOp = {.name = "dot_backward_input",
                                      .fields = kFields,
                                      .param_bytes = sizeof(DotOpParams),
                                      .infer = infer_backward,
                                      .lower = lower_backward};

Result<ValueId> dot(Graph& graph, std::string name, ValueId a, ValueId b, float factor) {
  return append_one(graph, kDotOp, std::move(name), DotOpParams{factor}, {a, b});
}

}  // namespace lowtide::ops
