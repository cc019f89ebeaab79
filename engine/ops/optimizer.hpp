// SPDX-License-Identifier: Apache-2.0
// What the optimisers (sgd, adam, radam) share: which blocks of the parameter arena they update and what they read to
// do so. One dispatch updates every parameter of the range: latents, gradients and moments lie at the same offsets of
// their arenas.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct OptimizerInputs {
  ValueId attributes;      // constant f32 [blocks of the whole parameter arena, 4]: BlockAttributes of each block
  ValueId gradient_scale;  // f32 [] that multiplies gradients (gradient_norm's output 1); a value that is not finite
                           // skips the step. Invalid: 1
  uint32_t first_block = 0;
  uint32_t block_count = 0;
};

// The constant for OptimizerInputs::attributes, named "optimizer/attributes".
ValueId block_attributes(graph::Graph& graph);

// Shape rule shared by the optimisers: inputs gradient arena, step block, attributes[, gradient scale]; outputs whole
// arenas of `arena_count` (parameter and moments).
Result<std::vector<TensorDesc>> infer_optimizer(const graph::Node& node, const graph::Graph& graph, size_t arena_count);

// The inputs of an optimiser's node, in the order of its shape rule.
std::vector<ValueId> optimizer_node_inputs(graph::Graph& graph, const OptimizerInputs& inputs);

}  // namespace lowtide::ops
