// SPDX-License-Identifier: Apache-2.0
// dropout: linear in x, so that it is its own gradient.
#include "engine/ops/dropout/dropout.hpp"

#include <cstddef>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/dropout.hpp"
#include "shaders/dropout/dropout.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {{"probability", offsetof(DropoutOpParams, probability), FieldType::f32},
                                         {"stream", offsetof(DropoutOpParams, stream), FieldType::u32}};

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_CHECK(graph.value(node.in(1)).role == graph::Role::step, "dropout's second input is the step block");
  const float probability = node.params<DropoutOpParams>().probability;
  if (!(probability >= 0 && probability < 1)) {
    return fail(ErrorCode::invalid_argument,
                "the probability of dropping must be in [0, 1), but is " + std::to_string(probability));
  }
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kDropoutOp, node.name + "/backward_input",
                                           node.params<DropoutOpParams>(), {builder.gradient(node.out()), node.in(1)}));
  return builder.accumulate(node.in(0), dx);
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = vec4_grid(shape, shape.element_count(), target);
  const auto p = node.params<DropoutOpParams>();
  const shaders::DropoutParams params = {.count = grid.count,
                                         .stride = grid.stride,
                                         .stream = p.stream,
                                         .probability = p.probability,
                                         .kept_scale = 1.0f / (1.0f - p.probability)};
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.step_block = node.in(1);
    kernel.y = node.out();
    out.add(kernel, params, grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::dropout_forward_vec4{});
  } else {
    add(kernels::dropout_forward_naive{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kDropoutOp = {.name = "dropout",
                                  .fields = kFields,
                                  .param_bytes = sizeof(DropoutOpParams),
                                  .infer = infer,
                                  .differentiate = differentiate,
                                  .lower = lower};

Result<ValueId> dropout(Graph& graph, std::string name, ValueId x, float probability, uint32_t stream) {
  const ValueId step_block = graph.step_block();
  return append_one(graph, kDropoutOp, std::move(name), DropoutOpParams{probability, stream}, {x, step_block});
}

}  // namespace lowtide::ops
