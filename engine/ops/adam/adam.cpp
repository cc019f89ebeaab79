// SPDX-License-Identifier: Apache-2.0
// adam: one dispatch over the arena.
#include "engine/ops/adam/adam.hpp"

#include <cstddef>

#include "engine/ops/optimizer_update.hpp"
#include "gen/kernels/adam.hpp"
#include "shaders/adam/adam.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::Role;

constexpr graph::ParamField kFields[] = {
    {"beta1", offsetof(AdamOpParams, beta1), FieldType::f32},
    {"beta2", offsetof(AdamOpParams, beta2), FieldType::f32},
    {"epsilon", offsetof(AdamOpParams, epsilon), FieldType::f32},
    {"decoupled", offsetof(AdamOpParams, decoupled), FieldType::u32},
    {"first_block", offsetof(AdamOpParams, first_block), FieldType::u32},
    {"block_count", offsetof(AdamOpParams, block_count), FieldType::u32},
};

Result<std::vector<TensorDesc>> infer(const Node& node, const Graph& graph) {
  return infer_optimizer(node, graph, 3);
}

Result<void> lower(const Node& node, const Graph&, const LowerTarget& target, DispatchList& out) {
  const auto p = node.params<AdamOpParams>();
  lower_update<kernels::adam_update, kernels::adam_update_naive>(
      node, target, p,
      shaders::AdamParams{.beta1 = p.beta1, .beta2 = p.beta2, .epsilon = p.epsilon, .decoupled = p.decoupled}, out);
  return {};
}

}  // namespace

const graph::OpInfo kAdamOp = {
    .name = "adam", .fields = kFields, .param_bytes = sizeof(AdamOpParams), .infer = infer, .lower = lower};

Result<void> adam(Graph& graph, std::string name, const OptimizerInputs& inputs, AdamOpParams params) {
  params.first_block = inputs.first_block;
  params.block_count = inputs.block_count;
  LOWTIDE_TRY_VOID(append_one(
      graph, kAdamOp, std::move(name), params, optimizer_node_inputs(graph, inputs),
      {graph.whole_arena(Role::parameter), graph.whole_arena(Role::moment0), graph.whole_arena(Role::moment1)}));
  return {};
}

}  // namespace lowtide::ops
