// SPDX-License-Identifier: Apache-2.0
// How far two names are apart, so that a message about an unknown name can offer the one that was probably meant.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lowtide::trainer {

// Fewest insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment).
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate with the smallest distance, the first of equals; empty where there are no candidates.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

// The same for dotted keys: a candidate counts as near when the whole key is near or its last word is.
std::string nearest_key(std::string_view key, std::span<const std::string> candidates);

}  // namespace lowtide::trainer
