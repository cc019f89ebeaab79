// SPDX-License-Identifier: Apache-2.0
// adam: one dispatch over the arena.
#include "engine/ops/adam/adam.hpp"

#include <cstddef>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/grid.hpp"
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
  const bool has_scale = node.inputs.size() == 4;
  const uint32_t count = p.block_count * graph::kParameterBlock;
  const Grid grid = vec4_grid(Shape{count}, graph::kParameterBlock, target);
  const shaders::AdamParams params = {.first = p.first_block * graph::kParameterBlock,
                                      .count = count,
                                      .stride = grid.stride,
                                      .beta1 = p.beta1,
                                      .beta2 = p.beta2,
                                      .epsilon = p.epsilon,
                                      .decoupled = p.decoupled,
                                      .has_scale = has_scale ? 1u : 0u};
  const auto add = [&](auto kernel) {
    kernel.dw = node.in(0);
    kernel.step_block = node.in(1);
    kernel.attributes = node.in(2);
    kernel.gradient_scale = has_scale ? node.in(3) : node.in(1);
    kernel.w = node.out(0);
    kernel.m = node.out(1);
    kernel.v = node.out(2);
    out.add(kernel, params, grid.groups);
  };
  if (grid.is_vec4) {
    add(kernels::adam_update{});
  } else {
    add(kernels::adam_update_naive{});
  }
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
