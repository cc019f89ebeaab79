// SPDX-License-Identifier: Apache-2.0
// Shared pieces of the optimisers.
#include "engine/ops/optimizer.hpp"

#include "engine/graph/parameter_blocks.hpp"
#include "engine/ops/rules.hpp"

namespace lowtide::ops {

ValueId block_attributes(graph::Graph& graph) {
  const ValueId existing = graph.find("optimizer/attributes");
  if (existing.is_valid()) return existing;
  return graph.constant("optimizer/attributes", f32_desc(Shape{graph::parameter_block_count(graph), 4}));
}

Descs infer_optimizer(const graph::Node& node, const graph::Graph& graph, size_t arena_count) {
  LOWTIDE_CHECK(node.inputs.size() == 3 || node.inputs.size() == 4, "an optimiser takes three or four inputs");
  LOWTIDE_CHECK(graph.value(node.in(0)).is_whole_arena && graph.value(node.in(0)).role == graph::Role::gradient,
                "an optimiser reads the gradient arena");
  LOWTIDE_CHECK(graph.value(node.in(1)).role == graph::Role::step, "an optimiser reads the step block");
  if (graph.desc(node.in(2)) != f32_desc(Shape{graph::parameter_block_count(graph), 4})) {
    return fail(ErrorCode::invalid_argument,
                "the block attributes must be made after the last parameter, one row per block of the parameter arena");
  }
  return std::vector(arena_count, f32_desc(Shape{0}));
}

std::vector<ValueId> optimizer_node_inputs(graph::Graph& graph, const OptimizerInputs& inputs) {
  std::vector<ValueId> ids = {graph.whole_arena(graph::Role::gradient), graph.step_block(), inputs.attributes};
  if (inputs.gradient_scale.is_valid()) ids.push_back(inputs.gradient_scale);
  return ids;
}

}  // namespace lowtide::ops
