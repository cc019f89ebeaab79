// SPDX-License-Identifier: Apache-2.0
// correct_count: how many rows have their largest logit at the label; the first of equal largest ones counts. No
// gradient.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

extern const graph::OpInfo kCorrectCountOp;  // logits [n, c] f32, labels [n] u32 -> count [] f32

Result<ValueId> correct_count(graph::Graph& graph, std::string name, ValueId logits, ValueId labels);

}  // namespace lowtide::ops
