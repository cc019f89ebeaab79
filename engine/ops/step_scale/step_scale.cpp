// SPDX-License-Identifier: Apache-2.0
// step_scale: linear in x, so that it is its own gradient.
#include "engine/ops/step_scale/step_scale.hpp"

#include <cmath>
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/step_scale.hpp"
#include "shaders/step_scale/step_scale.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {{"factor", offsetof(StepScaleOpParams, factor), FieldType::f32}};

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_CHECK(graph.value(node.in(1)).role == graph::Role::step, "step_scale's second input is the step block");
  if (!std::isfinite(node.params<StepScaleOpParams>().factor)) {
    return fail(ErrorCode::invalid_argument, "the factor of '" + node.name + "' must be a finite number");
  }
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dx,
              append_one(builder.graph(), kStepScaleOp, node.name + "/backward_input", node.params<StepScaleOpParams>(),
                         {builder.gradient(node.out()), node.in(1)}));
  return builder.accumulate(node.in(0), dx);
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = vec4_grid(shape, shape.element_count(), target);
  const shaders::StepScaleParams params = {
      .count = grid.count, .stride = grid.stride, .factor = node.params<StepScaleOpParams>().factor};
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.step_block = node.in(1);
    kernel.y = node.out();
    out.add(kernel, params, grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::step_scale_forward_vec4{});
  } else {
    add(kernels::step_scale_forward_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kStepScaleOp = {.name = "step_scale",
                                    .fields = kFields,
                                    .param_bytes = sizeof(StepScaleOpParams),
                                    .infer = infer,
                                    .differentiate = differentiate,
                                    .lower = lower};

Result<ValueId> step_scale(Graph& graph, std::string name, ValueId x, float factor) {
  const ValueId step_block = graph.step_block();
  return append_one(graph, kStepScaleOp, std::move(name), StepScaleOpParams{factor}, {x, step_block});
}

}  // namespace lowtide::ops
