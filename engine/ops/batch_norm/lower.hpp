// SPDX-License-Identifier: Apache-2.0
// Lowerings of the batch_norm ops; private to this folder.
#pragma once

#include "engine/graph/op_info.hpp"

namespace lowtide::ops::batch_norm_lowering {

Result<void> forward(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);
Result<void> backward(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);
Result<void> forward_activation(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);
Result<void> backward_activation(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);
Result<void> running(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);
Result<void> fold(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);

}  // namespace lowtide::ops::batch_norm_lowering
