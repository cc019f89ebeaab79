// SPDX-License-Identifier: Apache-2.0
// Which ops may stand in a packed model, and the bounds that a file's node must keep before its op's shape rule sees
// it: shape rules trust the number of inputs and the meaning of enumerations, which a hostile file must not be trusted
// with.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/op_info.hpp"

namespace lowtide::model {

std::vector<std::string_view> model_op_names();

// The op of that name, or a sentence: unknown, or one that only training uses.
Result<const graph::OpInfo*> find_model_op(std::string_view name, size_t input_count);

// Whether a parameter may have this value: counts and strides are positive and below 2^16, bits are 1 .. 8,
// enumerations in range, floats finite.
Result<void> check_model_param(std::string_view op, std::string_view field, uint32_t value);
Result<void> check_model_param(std::string_view op, std::string_view field, float value);

}  // namespace lowtide::model
