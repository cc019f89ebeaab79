// SPDX-License-Identifier: Apache-2.0
// What the shape rules and lowerings of the two DeepShift ops share.
#pragma once

#include <fmt/format.h>

#include "engine/ops/grid.hpp"
#include "engine/ops/rules.hpp"
#include "engine/quant/shift_weights.hpp"

namespace lowtide::ops {

// 2 .. 5 bits, else a sentence.
inline Result<void> expect_deepshift_bits(const graph::Node& node, uint32_t bits) {
  if (bits >= quant::kMinDeepshiftBits && bits <= quant::kMaxDeepshiftBits) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' has {} bits, but DeepShift weights have {} to {}", node.name, bits,
                          quant::kMinDeepshiftBits, quant::kMaxDeepshiftBits));
}

// Items of four weights where the target wants tuned kernels and the count allows it; else one by one.
inline Grid deepshift_grid(const Shape& weights, const graph::LowerTarget& target) {
  return vec4_grid(weights, weights.element_count(), target);
}

}  // namespace lowtide::ops
