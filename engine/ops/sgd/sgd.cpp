// SPDX-License-Identifier: Apache-2.0
// sgd: one dispatch over the arena.
#include "engine/ops/sgd/sgd.hpp"

#include <cstddef>

#include "engine/ops/optimizer_update.hpp"
#include "gen/kernels/sgd.hpp"
#include "shaders/sgd/sgd.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::Role;

constexpr graph::ParamField kFields[] = {
    {"momentum", offsetof(SgdOpParams, momentum), FieldType::f32},
    {"nesterov", offsetof(SgdOpParams, nesterov), FieldType::u32},
    {"first_block", offsetof(SgdOpParams, first_block), FieldType::u32},
    {"block_count", offsetof(SgdOpParams, block_count), FieldType::u32},
};

Result<std::vector<TensorDesc>> infer(const Node& node, const Graph& graph) {
  return infer_optimizer(node, graph, 2);
}

Result<void> lower(const Node& node, const Graph&, const LowerTarget& target, DispatchList& out) {
  const auto p = node.params<SgdOpParams>();
  lower_update<kernels::sgd_update, kernels::sgd_update_naive>(
      node, target, p, shaders::SgdParams{.momentum = p.momentum, .nesterov = p.nesterov}, out);
  return {};
}

}  // namespace

const graph::OpInfo kSgdOp = {
    .name = "sgd", .fields = kFields, .param_bytes = sizeof(SgdOpParams), .infer = infer, .lower = lower};

Result<void> sgd(Graph& graph, std::string name, const OptimizerInputs& inputs, float momentum, bool nesterov) {
  const SgdOpParams params = {momentum, nesterov ? 1u : 0u, inputs.first_block, inputs.block_count};
  LOWTIDE_TRY_VOID(append_one(graph, kSgdOp, std::move(name), params, optimizer_node_inputs(graph, inputs),
                              {graph.whole_arena(Role::parameter), graph.whole_arena(Role::moment0)}));
  return {};
}

}  // namespace lowtide::ops
