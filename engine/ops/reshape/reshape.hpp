// SPDX-License-Identifier: Apache-2.0
// reshape: the same elements in the same order under other extents, f32. A view: no dispatch, no memory. Its gradient
// is a view back. flatten: [n, h, w, c] -> [n, h * w * c].
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

struct ReshapeOpParams {
  uint32_t rank = 0;
  uint32_t extent0 = 0, extent1 = 0, extent2 = 0, extent3 = 0;  // those from rank on are 0
};

extern const graph::OpInfo kReshapeOp;  // x -> view of x

Result<ValueId> reshape(graph::Graph& graph, std::string name, ValueId x, const Shape& shape);
// Keeps the first extent and joins all others.
Result<ValueId> flatten(graph::Graph& graph, std::string name, ValueId x);

}  // namespace lowtide::ops
