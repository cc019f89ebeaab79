// SPDX-License-Identifier: Apache-2.0
// mse: the gradient of b is that of a with the operands exchanged.
#include "engine/ops/mse/mse.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/mse.hpp"
#include "shaders/mse/mse.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

constexpr uint32_t kElementsPerSlice = 4096;

Descs infer_forward(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(infer_like_equal_inputs(node, graph));
  return std::vector{f32_desc(Shape{})};
}

Descs infer_backward(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_same_desc(graph, node.in(0), node.in(1), "the operands"));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId dy = builder.gradient(node.out());
  for (size_t i = 0; i < 2; ++i) {
    if (!builder.needs_gradient(node.in(i))) continue;
    LOWTIDE_TRY(const ValueId d, append_one(builder.graph(), kMseBackwardOp, node.name + "/backward_input", NoParams{},
                                            {node.in(i), node.in(1 - i), dy}));
    LOWTIDE_TRY_VOID(builder.accumulate(node.in(i), d));
  }
  return {};
}

Result<void> lower_forward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const uint32_t count = narrow<uint32_t>(graph.desc(node.in(0)).element_count());
  const uint32_t slices = ceil_div(count, kElementsPerSlice);
  const shaders::MseParams params = {.count = count, .slice = kElementsPerSlice, .slices = slices};
  const ValueId partials = out.scratch(uint64_t{slices} * 4);
  out.add(kernels::mse_forward_slices{.a = node.in(0), .b = node.in(1), .partials = partials}, params,
          groups_for(slices, 1));
  out.add(kernels::mse_forward_mean{.partials = partials, .y = node.out()}, params, Groups{});
  return {};
}

Result<void> lower_backward(const Node& node, const Graph& graph, const LowerTarget&, DispatchList& out) {
  const uint32_t count = narrow<uint32_t>(graph.desc(node.out()).element_count());
  const kernels::mse_backward_input kernel{.a = node.in(0), .b = node.in(1), .dy = node.in(2), .dx = node.out()};
  out.add(kernel, shaders::MseParams{.count = count, .slice = 0, .slices = 0}, groups_for(count, kernel.local_size));
  return {};
}

}  // namespace

const graph::OpInfo kMseOp = {.name = "mse",
                              .param_bytes = sizeof(NoParams),
                              .infer = infer_forward,
                              .differentiate = differentiate,
                              .lower = lower_forward};

const graph::OpInfo kMseBackwardOp = {
    .name = "mse_backward_input", .param_bytes = sizeof(NoParams), .infer = infer_backward, .lower = lower_backward};

Result<ValueId> mse(Graph& graph, std::string name, ValueId a, ValueId b) {
  return append_one(graph, kMseOp, std::move(name), NoParams{}, {a, b});
}

}  // namespace lowtide::ops
