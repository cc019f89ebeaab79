// SPDX-License-Identifier: Apache-2.0
// Draws the elements of case inputs: a pure function of (distribution, count, seed), rounded to f32 so that host and
// device start from the same numbers.
#pragma once

#include <vector>

#include "tests/cases/op_case.hpp"

namespace lowtide::harness {

std::vector<double> draw(const cases::Distribution& distribution, size_t count, uint64_t seed);

}  // namespace lowtide::harness
