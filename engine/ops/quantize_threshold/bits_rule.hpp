// SPDX-License-Identifier: Apache-2.0
// What the ops around thresholds check alike.
#pragma once

#include <cstdint>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// 2 to 4 bits, else a sentence.
Result<void> expect_threshold_bits(const graph::Node& node, uint32_t bits);

// f32 [q], q = quant::shift_magnitudes(bits), else a sentence.
Result<void> expect_thresholds(const graph::Graph& graph, ValueId thresholds, uint32_t bits);

}  // namespace lowtide::ops
