// SPDX-License-Identifier: Apache-2.0
// The range of a quantiser's bits, as a shape rule.
#pragma once

#include <cstdint>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// bits in lowest .. 8, or 16, else a sentence.
Result<void> expect_bits(const graph::Node& node, uint32_t bits, uint32_t lowest);

}  // namespace lowtide::ops
