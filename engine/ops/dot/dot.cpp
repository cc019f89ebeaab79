// SPDX-License-Identifier: Apache-2.0
// dot: one workgroup sums in a fixed order, so the result is the same on every run.
#include "engine/ops/dot/dot.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/rules.hpp"
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

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const shaders::DotParams params = {.count = narrow<uint32_t>(graph.desc(node.in(0)).element_count()),
                                     .factor = node.params<DotOpParams>().factor};
  out.add(kernels::dot_forward_naive{.a = node.in(0), .b = node.in(1), .y = node.out()}, params, Groups{});
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const shaders::DotParams params = {.count = narrow<uint32_t>(graph.desc(node.out()).element_count()),
                                     .factor = node.params<DotOpParams>().factor};
  const kernels::dot_backward_input_naive kernel{.other = node.in(0), .dy = node.in(1), .dx = node.out()};
  out.add(kernel, params, groups_for(params.count, kernel.local_size));
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
