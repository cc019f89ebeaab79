// SPDX-License-Identifier: Apache-2.0
// The stable text form of a Program: what `lowtide inspect` prints and golden tests compare.
#pragma once

#include <string>

#include "engine/plan/program.hpp"

namespace lowtide::plan {

// Arena sizes, placements, then dispatches in order with "-- barrier" lines between them.
std::string dump(const Program& program);

}  // namespace lowtide::plan
