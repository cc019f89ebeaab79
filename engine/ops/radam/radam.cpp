// SPDX-License-Identifier: Apache-2.0
// radam: one dispatch over the arena.
#include "engine/ops/radam/radam.hpp"

#include <cmath>
#include <cstddef>

#include "engine/ops/optimizer_update.hpp"
#include "gen/kernels/radam.hpp"
#include "shaders/radam/radam.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;
using graph::Role;

constexpr graph::ParamField kFields[] = {
    {"beta1", offsetof(RadamOpParams, beta1), FieldType::f32},
    {"beta2", offsetof(RadamOpParams, beta2), FieldType::f32},
    {"epsilon", offsetof(RadamOpParams, epsilon), FieldType::f32},
    {"first_block", offsetof(RadamOpParams, first_block), FieldType::u32},
    {"block_count", offsetof(RadamOpParams, block_count), FieldType::u32},
};

Result<std::vector<TensorDesc>> infer(const Node& node, const Graph& graph) {
  return infer_optimizer(node, graph, 3);
}

Result<void> lower(const Node& node, const Graph&, const LowerTarget& target, DispatchList& out) {
  const auto p = node.params<RadamOpParams>();
  lower_update<kernels::radam_update, kernels::radam_update_naive>(
      node, target, p, shaders::RadamParams{.beta1 = p.beta1, .beta2 = p.beta2, .epsilon = p.epsilon}, out);
  return {};
}

}  // namespace

const graph::OpInfo kRadamOp = {
    .name = "radam", .fields = kFields, .param_bytes = sizeof(RadamOpParams), .infer = infer, .lower = lower};

double radam_rectification(double beta2, uint64_t step) {
  const double t = static_cast<double>(step) + 1;
  const double power = std::pow(beta2, t);
  const double longest = 2 / (1 - beta2) - 1;
  const double length = longest - 2 * t * power / (1 - power);
  if (!(length > 4)) return 0;
  return std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
}

Result<void> radam(Graph& graph, std::string name, const OptimizerInputs& inputs, RadamOpParams params) {
  params.first_block = inputs.first_block;
  params.block_count = inputs.block_count;
  LOWTIDE_TRY_VOID(append_one(
      graph, kRadamOp, std::move(name), params, optimizer_node_inputs(graph, inputs),
      {graph.whole_arena(Role::parameter), graph.whole_arena(Role::moment0), graph.whole_arena(Role::moment1)}));
  return {};
}

}  // namespace lowtide::ops
