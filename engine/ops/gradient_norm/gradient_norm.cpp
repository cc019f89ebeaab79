// SPDX-License-Identifier: Apache-2.0
// gradient_norm: sums of squares of slices, which the last workgroup adds in a fixed order.
#include "engine/ops/gradient_norm/gradient_norm.hpp"

#include <cstddef>

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/rules.hpp"
#include "gen/kernels/gradient_norm.hpp"
#include "shaders/gradient_norm/gradient_norm.params.h"

namespace lowtide::ops {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::LowerTarget;
using graph::Node;

constexpr uint32_t kBlocksPerSlice = 64;

constexpr graph::ParamField kFields[] = {
    {"max_norm", offsetof(GradientNormParams, max_norm), FieldType::f32},
    {"first_block", offsetof(GradientNormParams, first_block), FieldType::u32},
    {"block_count", offsetof(GradientNormParams, block_count), FieldType::u32},
};

Descs infer(const Node& node, const Graph& graph) {
  LOWTIDE_CHECK(node.inputs.size() == 2 || node.inputs.size() == 3, "gradient_norm takes 2 or 3 inputs");
  LOWTIDE_CHECK(graph.value(node.in(0)).is_whole_arena, "gradient_norm reads the gradient arena");
  if (!(node.params<GradientNormParams>().max_norm >= 0)) {
    return fail(ErrorCode::invalid_argument, "the largest gradient norm must be 0 (no limit) or above");
  }
  if (node.inputs.size() == 3 && graph.desc(node.in(2)) != f32_desc(Shape{})) {
    return fail(ErrorCode::invalid_argument, "a loss scale is one f32, but is " + to_string(graph.desc(node.in(2))));
  }
  return std::vector{f32_desc(Shape{}), f32_desc(Shape{})};
}

Result<void> lower(const Node& node, const Graph&, const LowerTarget& target, DispatchList& out) {
  const auto p = node.params<GradientNormParams>();
  const uint32_t slices = ceil_div(p.block_count, kBlocksPerSlice);
  const shaders::GradientNormParams params = {.first = p.first_block * graph::kParameterBlock,
                                              .count = p.block_count * graph::kParameterBlock,
                                              .slice = kBlocksPerSlice * graph::kParameterBlock,
                                              .slices = slices,
                                              .max_norm = p.max_norm,
                                              .has_loss_scale = node.inputs.size() == 3 ? 1u : 0u};
  // Without a loss scale its binding gets the step block, which is then not read through it.
  const ValueId loss_scale = node.inputs.size() == 3 ? node.in(2) : node.in(1);
  if (target.naive_only) {
    out.add(kernels::gradient_norm_forward_naive{.dw = node.in(0),
                                                 .step_block = node.in(1),
                                                 .loss_scale = loss_scale,
                                                 .norm = node.out(0),
                                                 .scale = node.out(1)},
            params, Groups{});
    return {};
  }
  out.add(kernels::gradient_norm_forward{.dw = node.in(0),
                                         .step_block = node.in(1),
                                         .loss_scale = loss_scale,
                                         .partials = out.scratch(uint64_t{slices} * 4),
                                         .counters = out.counters(1),
                                         .norm = node.out(0),
                                         .scale = node.out(1)},
          params, groups_for(slices, 1));
  return {};
}

}  // namespace

const graph::OpInfo kGradientNormOp = {.name = "gradient_norm",
                                       .fields = kFields,
                                       .param_bytes = sizeof(GradientNormParams),
                                       .infer = infer,
                                       .lower = lower};

Result<GradientNorm> gradient_norm(Graph& graph, std::string name, const GradientNormParams& params,
                                   ValueId loss_scale) {
  std::vector<ValueId> inputs = {graph.whole_arena(graph::Role::gradient), graph.step_block()};
  if (loss_scale.is_valid()) inputs.push_back(loss_scale);
  LOWTIDE_TRY(const Node* node, graph.append(kGradientNormOp, std::move(name), &params, sizeof params, inputs));
  return GradientNorm{node->out(0), node->out(1)};
}

}  // namespace lowtide::ops
