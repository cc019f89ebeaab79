// SPDX-License-Identifier: Apache-2.0
// Keys of a recipe that are each in range and still cannot stand together. Private to the recipe's own files.
#pragma once

#include <string>
#include <vector>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// A sentence for each contradiction; empty when the recipe can be run.
std::vector<std::string> recipe_contradictions(const Recipe& recipe);

}  // namespace lowtide::trainer
