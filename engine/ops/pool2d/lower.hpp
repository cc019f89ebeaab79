// SPDX-License-Identifier: Apache-2.0
// Lowerings of the pooling ops; private to this folder.
#pragma once

#include "engine/graph/op_info.hpp"

namespace lowtide::ops::pool2d_lowering {

Result<void> max_forward(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);
Result<void> max_backward(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);
Result<void> average_forward(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);
Result<void> average_backward(const graph::Node&, const graph::Graph&, const graph::LowerTarget&, DispatchList&);

}  // namespace lowtide::ops::pool2d_lowering
