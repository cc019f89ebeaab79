// SPDX-License-Identifier: Apache-2.0
// quantize_step_bound: from the parameter that is trained to the step and its inverse that quantisers use. One small
// dispatch, so that both are values of the graph, which export reads as evaluation used them.
#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/fill/fill.hpp"
#include "engine/ops/quantize_step/quantize_step.hpp"
#include "engine/ops/rules.hpp"
#include "engine/ops/scale/scale.hpp"
#include "gen/kernels/quantize_step.hpp"
#include "shaders/quantize_step/quantize_step.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using Params = LearnedStepOpParams;

constexpr graph::ParamField kFields[] = {{"factor", offsetof(Params, factor), FieldType::f32}};

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 1);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the parameter of a step"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 0, "the parameter of a step"));
  if (!(node.params<Params>().factor > 0)) {
    return fail(ErrorCode::invalid_argument, "the factor of a step must be above 0");
  }
  return std::vector{f32_desc(Shape{}), f32_desc(Shape{})};
}

// The bound is passed straight through; nothing flows through the inverse (see quantize_step).
Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const float factor = node.params<Params>().factor;
  const ValueId dstep = builder.gradient(node.out(0));
  if (!dstep.is_valid()) return {};
  if (factor == 1.0f) return builder.accumulate(node.in(0), dstep);
  Graph& graph = builder.graph();
  LOWTIDE_TRY(const ValueId constant, fill(graph, node.name + "/factor", f32_desc(Shape{}), factor));
  LOWTIDE_TRY(const ValueId dparameter, scale(graph, node.name + "/backward_input", dstep, constant));
  return builder.accumulate(node.in(0), dparameter);
}

Result<void> lower(const Node& node, const Graph&, const LowerTarget&, DispatchList& out) {
  const kernels::quantize_step_bound_forward kernel{
      .parameter = node.in(0), .bounded_step = node.out(0), .inverse_step = node.out(1)};
  out.add(kernel, shaders::QuantizeStepBoundParams{.factor = node.params<Params>().factor, .minimum = kMinStep},
          Groups{});
  return {};
}

}  // namespace

const graph::OpInfo kQuantizeStepBoundOp = {.name = "quantize_step_bound",
                                            .fields = kFields,
                                            .param_bytes = sizeof(Params),
                                            .infer = infer,
                                            .differentiate = differentiate,
                                            .lower = lower};

Result<LearnedStep> learned_step(Graph& graph, std::string name, ValueId parameter, float factor) {
  const Params params = {.factor = factor};
  LOWTIDE_TRY(const Node* node,
              graph.append(kQuantizeStepBoundOp, std::move(name), &params, sizeof(params), {parameter}));
  return LearnedStep{node->out(0), node->out(1)};
}

}  // namespace lowtide::ops
