// SPDX-License-Identifier: Apache-2.0
// Fusion: single ops of a forward graph become ops that do the same in one pass. Before differentiation, so that the
// gradient of the fused op is what runs backward. Numbers stay the same bit for bit.
#pragma once

#include "engine/graph/graph.hpp"

namespace lowtide::ops {

// Every batch_norm [-> add] [-> relu or clip] [-> quantize_activations or quantize_sign] becomes one
// batch_norm_activation, where no other node reads what lies in between; what others read of the value in front of the
// quantiser is written too. Quantisers of one value that are alike become one. A norm of which nothing of this follows,
// or whose channels do not come in fours, stays as it is.
Result<void> fuse_norms(graph::Graph& graph);

// Behind differentiation: convolutions of inputs and those whose codes are kept run again where gradients read their
// outputs, which so need not be kept. The nodes from `first_gradient` on are gradients. The numbers are the same; the
// step takes longer.
Result<void> recompute_convolutions(graph::Graph& graph, size_t first_gradient);

}  // namespace lowtide::ops
