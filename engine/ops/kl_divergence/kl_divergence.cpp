// SPDX-License-Identifier: Apache-2.0
// kl_divergence: one workgroup or one invocation per row computes both softmaxes; then the sum of the rows.
#include "engine/ops/kl_divergence/kl_divergence.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/class_rows.hpp"
#include "engine/ops/rules.hpp"
#include "engine/ops/sum.hpp"
#include "gen/kernels/kl_divergence.hpp"
#include "shaders/kl_divergence/kl_divergence.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {
    {"temperature", offsetof(KlDivergenceParams, temperature), graph::FieldType::f32}};

Result<void> expect_operands(const Node& node, const Graph& graph) {
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the logits"));
  LOWTIDE_TRY_VOID(expect_rank(graph, node.in(0), 2, "the logits"));
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(1), "logits and target"));
  if (node.params<KlDivergenceParams>().temperature > 0) return {};
  return fail(ErrorCode::invalid_argument, "the temperature must be above 0");
}

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_operands(node, graph));
  return std::vector{f32_desc(Shape{})};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_operands(node, graph));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dlogits,
              append_one(builder.graph(), kKlDivergenceBackwardOp, node.name + "/backward_input",
                         node.params<KlDivergenceParams>(), {node.in(0), node.in(1), builder.gradient(node.out())}));
  return builder.accumulate(node.in(0), dlogits);
}

shaders::KlDivergenceParams shader_params(const Node& node, const Graph& graph) {
  const Shape& shape = graph.desc(node.in(0)).shape;
  return {.rows = shape[0], .classes = shape[1], .temperature = node.params<KlDivergenceParams>().temperature};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto params = shader_params(node, graph);
  const ValueId losses = out.scratch(uint64_t{params.rows} * 4);
  const auto add = [&](auto kernel, uint32_t rows_per_group) {
    kernel.logits = node.in(0);
    kernel.target = node.in(1);
    kernel.losses = losses;
    out.add(kernel, params, groups_for(params.rows, rows_per_group));
  };
  if (takes_a_workgroup_per_row(graph.desc(node.in(0)).shape, target)) {
    add(kernels::kl_divergence_forward_rows{}, 1);
  } else {
    add(kernels::kl_divergence_forward_rows_naive{}, Grid::kWidth);
  }
  lower_sum(target, losses, params.rows, 1.0f / static_cast<float>(params.rows), node.out(), out);
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const auto params = shader_params(node, graph);
  const auto add = [&](auto kernel, uint32_t rows_per_group) {
    kernel.logits = node.in(0);
    kernel.target = node.in(1);
    kernel.dy = node.in(2);
    kernel.dx = node.out();
    out.add(kernel, params, groups_for(params.rows, rows_per_group));
  };
  if (takes_a_workgroup_per_row(graph.desc(node.in(0)).shape, target)) {
    add(kernels::kl_divergence_backward_input{}, 1);
  } else {
    add(kernels::kl_divergence_backward_input_naive{}, Grid::kWidth);
  }
  return {};
}

}  // namespace

const graph::OpInfo kKlDivergenceOp = {.name = "kl_divergence",
                                       .fields = kFields,
                                       .param_bytes = sizeof(KlDivergenceParams),
                                       .infer = infer_forward,
                                       .differentiate = differentiate,
                                       .lower = lower_forward};

const graph::OpInfo kKlDivergenceBackwardOp = {.name = "kl_divergence_backward_input",
                                               .fields = kFields,
                                               .param_bytes = sizeof(KlDivergenceParams),
                                               .infer = infer_backward,
                                               .lower = lower_backward};

Result<ValueId> kl_divergence(Graph& graph, std::string name, ValueId logits, ValueId target, float temperature) {
  return append_one(graph, kKlDivergenceOp, std::move(name), KlDivergenceParams{temperature}, {logits, target});
}

}  // namespace lowtide::ops
