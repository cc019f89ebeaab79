// SPDX-License-Identifier: Apache-2.0
// radam: one dispatch over the arena.
#include "engine/ops/radam/radam.hpp"

#include <cmath>
#include <cstddef>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/grid.hpp"
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
  const bool has_scale = node.inputs.size() == 4;
  const uint32_t count = p.block_count * graph::kParameterBlock;
  const Grid grid = vec4_grid(Shape{count}, graph::kParameterBlock, target);
  const shaders::RadamParams params = {.first = p.first_block * graph::kParameterBlock,
                                       .count = count,
                                       .stride = grid.stride,
                                       .beta1 = p.beta1,
                                       .beta2 = p.beta2,
                                       .epsilon = p.epsilon,
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
    add(kernels::radam_update{});
  } else {
    add(kernels::radam_update_naive{});
  }
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
