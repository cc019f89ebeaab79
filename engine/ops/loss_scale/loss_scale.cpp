// SPDX-License-Identifier: Apache-2.0
// loss_scale: one invocation moves two numbers.
#include "engine/ops/loss_scale/loss_scale.hpp"

#include <cstddef>

#include "engine/ops/rules.hpp"
#include "gen/kernels/loss_scale.hpp"
#include "shaders/loss_scale/loss_scale.params.h"

namespace lowtide::ops {
namespace {

using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr graph::ParamField kFields[] = {{"interval", offsetof(LossScaleOpParams, interval), graph::FieldType::u32}};

Descs infer(const Node& node, const Graph& graph) {
  check_input_count(node, 3);
  for (const ValueId id : node.inputs) {
    if (graph.desc(id) == f32_desc(Shape{})) continue;
    return fail(ErrorCode::invalid_argument,
                "a loss scale, its count and what says that the step counts are single f32 numbers, but one is " +
                    to_string(graph.desc(id)));
  }
  const uint32_t interval = node.params<LossScaleOpParams>().interval;
  if (interval == 0 || interval > 1u << 20) {
    return fail(ErrorCode::invalid_argument,
                "a loss scale is doubled after 1 to 1048576 steps, not " + std::to_string(interval));
  }
  return std::vector(3, f32_desc(Shape{}));
}

Result<void> lower(const Node& node, const Graph&, const LowerTarget&, DispatchList& out) {
  const shaders::LossScaleParams params = {.interval = node.params<LossScaleOpParams>().interval,
                                           .largest = kLargestLossScale};
  out.add(
      kernels::loss_scale_update{.finite = node.in(2), .scale = node.out(0), .count = node.out(1), .used = node.out(2)},
      params, Groups{});
  return {};
}

}  // namespace

const graph::OpInfo kLossScaleOp = {
    .name = "loss_scale", .fields = kFields, .param_bytes = sizeof(LossScaleOpParams), .infer = infer, .lower = lower};

Result<ValueId> loss_scale(Graph& graph, std::string name, const LossScaleState& state, ValueId finite,
                           const LossScaleOpParams& params) {
  LOWTIDE_TRY(const Node* node,
              graph.append(kLossScaleOp, std::move(name), &params, sizeof(params), {state.scale, state.count, finite},
                           {state.scale, state.count, ValueId{}}));
  return node->out(2);
}

}  // namespace lowtide::ops
