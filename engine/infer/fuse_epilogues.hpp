// SPDX-License-Identifier: Apache-2.0
// What a session does to a model's graph before it plans it: nodes that only change the elements that the node before
// them made are taken into it, so that a tensor is written once and not read back between. The model file stays as it
// is and says what is computed; a fused node does the same operations in the same order, so its bits are the same.
#pragma once

#include "engine/graph/graph.hpp"
#include "engine/graph/op_info.hpp"

namespace lowtide::infer {

// `graph`: of PackedModel::make_graph. A fused node has the name of the first one of what it replaces.
//   conv2d, affine [, clip or relu]   -> conv2d_affine, where the device runs conv2d with a kernel that can
//   max_pool2d [, clip or relu], pack of signs -> pooled_signs; others may read what is packed
//   packed_conv2d with affine, residual_signs -> packed_conv2d_residual, where the device has a tuned kernel for it
Result<graph::Graph> fuse_epilogues(const graph::Graph& graph, const graph::LowerTarget& target);

}  // namespace lowtide::infer
