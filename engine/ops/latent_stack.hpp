// SPDX-License-Identifier: Apache-2.0
// Weights that have several latents each: one parameter f32 [L k, ...], in which latent l of weight i is element
// l count + i, and levels f32 [k, ...]. The shape rules that the quantisers of such weights share.
#pragma once

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// `shape` with another first extent; it has one.
Shape with_first_extent(const Shape& shape, uint32_t extent);

// The description of the levels of a stack of `latents` latents. `what` names the weights in sentences ("S3 weights").
Result<TensorDesc> levels_of_stack(const graph::Graph& graph, ValueId stack, uint32_t latents, const char* what);

// The shape rule of a backward op: inputs stack, dlevels and step block; output like the stack.
Result<std::vector<TensorDesc>> infer_stack_gradient(const graph::Node& node, const graph::Graph& graph,
                                                     uint32_t latents, const char* what);

}  // namespace lowtide::ops
