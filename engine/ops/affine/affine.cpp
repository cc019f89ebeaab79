// SPDX-License-Identifier: Apache-2.0
// affine: every variant computes the same bits, since each element is one product and one sum.
#include "engine/ops/affine/affine.hpp"

#include "engine/graph/autodiff.hpp"
#include "engine/ops/channel_dot/channel_dot.hpp"
#include "engine/ops/channel_sum/channel_sum.hpp"
#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "engine/ops/scale/scale.hpp"
#include "gen/kernels/affine.hpp"
#include "shaders/affine/affine.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::NoParams;

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  LOWTIDE_TRY_VOID(expect_dtype(graph, node.in(0), DType::f32, "the input"));
  LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(1), "the multiplier"));
  LOWTIDE_TRY_VOID(expect_per_channel(graph, node.in(0), node.in(2), "the offset"));
  return std::vector{graph.desc(node.in(0))};
}

Result<void> differentiate(const Node& node, graph::GradientBuilder& builder) {
  Graph& graph = builder.graph();
  const ValueId dy = builder.gradient(node.out());
  if (builder.needs_gradient(node.in(0))) {
    LOWTIDE_TRY(const ValueId dx, scale(graph, node.name + "/backward_input", dy, node.in(1)));
    LOWTIDE_TRY_VOID(builder.accumulate(node.in(0), dx));
  }
  if (builder.needs_gradient(node.in(1))) {
    LOWTIDE_TRY(const ValueId dm, channel_dot(graph, node.name + "/backward_multiplier", node.in(0), dy));
    LOWTIDE_TRY_VOID(builder.accumulate(node.in(1), dm));
  }
  if (!builder.needs_gradient(node.in(2))) return {};
  LOWTIDE_TRY(const ValueId doffset, channel_sum(graph, node.name + "/backward_offset", dy));
  return builder.accumulate(node.in(2), doffset);
}

Result<void> lower(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) {
  const Shape& shape = graph.desc(node.out()).shape;
  const Grid grid = target.naive_only ? naive_grid(shape) : channel_grid(shape, target.caps);
  const shaders::AffineParams params = {.count = grid.count, .channels = grid.channels, .stride = grid.stride};
  const auto add = [&](auto kernel) {
    kernel.x = node.in(0);
    kernel.multiplier = node.in(1);
    kernel.offset = node.in(2);
    kernel.y = node.out();
    out.add(kernel, params, grid.groups);
  };
  if (target.naive_only) {
    add(kernels::affine_forward_naive{});
  } else if (grid.is_vec4) {
    add(kernels::affine_forward_vec4{});
  } else {
    add(kernels::affine_forward{});
  }
  return {};
}

}  // namespace

const graph::OpInfo kAffineOp = {
    .name = "affine", .param_bytes = sizeof(NoParams), .infer = infer, .differentiate = differentiate, .lower = lower};

Result<ValueId> affine(Graph& graph, std::string name, ValueId x, ValueId multiplier, ValueId offset) {
  return append_one(graph, kAffineOp, std::move(name), NoParams{}, {x, multiplier, offset});
}

}  // namespace lowtide::ops
