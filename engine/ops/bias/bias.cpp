// SPDX-License-Identifier: Apache-2.0
// bias: its gradient for x needs no node, the output's gradient is passed on.
#include "engine/ops/bias/bias.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/channel_sum/channel_sum.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/bias.hpp"
#include "shaders/bias/bias.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 2);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(1), "the bias"));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  const ValueId dy = builder.gradient(node.out());
  LOWTIDE_TRY_VOID(builder.accumulate(node.in(0), dy));
  if (!builder.needs_gradient(node.in(1))) return {};
  LOWTIDE_TRY(const ValueId db, channel_sum(builder.graph(), node.name + "/backward_bias", dy));
  return builder.accumulate(node.in(1), db);
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : channel_grid(shape, target.caps);
  const shaders::BiasParams params = {.count = grid.count, .channels = grid.channels, .stride = grid.stride};
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.b = node.in(1);
    kernel.y = node.out();
    out.add(kernel, params, grid.groups);
  };
  if (target.naive_only) {
    add(kernels::bias_forward_naive{});
  } else if (grid.is_vec4) {
    add(kernels::bias_forward_vec4{});
  } else {
    add(kernels::bias_forward{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kBiasOp = {
    .name = "bias", .param_bytes = sizeof(NoParams), .infer = infer, .differentiate = differentiate, .lower = lower};

Result<ValueId> bias(Graph& graph, std::string name, ValueId x, ValueId b) {
  return append_one(graph, kBiasOp, std::move(name), NoParams{}, {x, b});
}

}  // namespace lowtide::ops
