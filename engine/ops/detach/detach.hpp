// SPDX-License-Identifier: Apache-2.0
// detach: a view of x through which no gradient flows. A guided network sees the other side's signal through it.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kDetachOp;  // x -> y, sharing x's storage

Result<ValueId> detach(graph::Graph& graph, std::string name, ValueId x);

}  // namespace lowtide::ops
