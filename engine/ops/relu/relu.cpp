// SPDX-License-Identifier: Apache-2.0
// relu: shape, gradient and lowering. The gradient needs only the sign of x, so x itself is kept.
#include "engine/ops/relu/relu.hpp"

#include "engine/graph/autodiff.hpp"
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

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const uint32_t count = narrow<uint32_t>(graph.desc(node.out()).element_count());
  const kernels::relu_forward kernel{.x = node.in(0), .y = node.out()};
  out.add(kernel, shaders::ReluParams{.count = count}, groups_for(count, kernel.local_size));
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const uint32_t count = narrow<uint32_t>(graph.desc(node.out()).element_count());
  const kernels::relu_backward_input kernel{.x = node.in(0), .dy = node.in(1), .dx = node.out()};
  out.add(kernel, shaders::ReluParams{.count = count}, groups_for(count, kernel.local_size));
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
