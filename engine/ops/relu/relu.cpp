// SPDX-License-Identifier: Apache-2.0
// relu: shape, gradient and lowering. The gradient needs only the sign of x, so x itself is kept.
#include "engine/ops/relu/relu.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/element_wise.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/relu.hpp"
#include "shaders/relu/relu.params.h"

namespace lowtide::ops {
namespace {

using graph::GradientBuilder;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Result<void> differentiate(const Node& node, GradientBuilder& builder) {
  const ValueId dy = builder.gradient(node.out());
  LOWTIDE_TRY(const ValueId dx, append_one(builder.graph(), kReluBackwardOp, node.name + "/backward_input", NoParams{},
                                           {node.in(0), dy}));
  return builder.accumulate(node.in(0), dx);
}

shaders::ReluParams params_of(const Grid& grid) {
  return {.count = grid.count, .stride = grid.stride};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  lower_element_wise<kernels::relu_forward_naive, kernels::relu_forward, kernels::relu_forward_vec4>(
      node, graph, target, params_of, out);
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  lower_element_wise_backward<kernels::relu_backward_input_naive, kernels::relu_backward_input,
                              kernels::relu_backward_input_vec4>(node, graph, target, params_of, out);
  return {};
}

}  // namespace

const graph::OpInfo kReluOp = {.name = "relu",
                               .param_bytes = sizeof(NoParams),
                               .infer = infer_like_input,
                               .differentiate = differentiate,
                               .lower = lower_forward};

const graph::OpInfo kReluBackwardOp = {.name = "relu_backward_input",
                                       .param_bytes = sizeof(NoParams),
                                       .infer = infer_like_equal_inputs,
                                       .lower = lower_backward};

Result<ValueId> relu(Graph& graph, std::string name, ValueId x) {
  return append_one(graph, kReluOp, std::move(name), NoParams{}, {x});
}

}  // namespace lowtide::ops
