// SPDX-License-Identifier: Apache-2.0
// Every op of this build, by name. The table is written out in registry.cpp: no static registration.
#pragma once

#include <span>
#include <string_view>

#include "engine/graph/op_info.hpp"

namespace lowtide::ops {

// Sorted by name.
std::span<const graph::OpInfo* const> all_ops();

// The op of that name; nullptr when there is none.
const graph::OpInfo* find_op(std::string_view name);

}  // namespace lowtide::ops
