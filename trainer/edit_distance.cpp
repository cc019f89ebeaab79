// SPDX-License-Identifier: Apache-2.0
// Dynamic programming over three rows.
#include "trainer/edit_distance.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace lowtide::trainer {
namespace {

// "a.b.c" -> {"a.b", "c"}; {"", "c"} where there is no dot.
std::pair<std::string_view, std::string_view> split_last(std::string_view key) {
  const size_t dot = key.rfind('.');
  if (dot == std::string_view::npos) return {{}, key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

size_t key_distance(std::string_view a, std::string_view b) {
  const auto [a_section, a_word] = split_last(a);
  const auto [b_section, b_word] = split_last(b);
  const size_t by_word = edit_distance(a_word, b_word) + (a_section == b_section ? 0 : 1);
  return std::min(by_word, edit_distance(a, b));
}

template <class Distance>
std::string nearest(std::string_view name, std::span<const std::string> candidates, Distance distance) {
  size_t best = std::numeric_limits<size_t>::max();
  std::string found;
  for (const std::string& candidate : candidates) {
    const size_t d = distance(name, candidate);
    if (d >= best) continue;
    best = d;
    found = candidate;
  }
  return found;
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> two_up(b.size() + 1);
  std::vector<size_t> up(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) up[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool is_equal = a[i - 1] == b[j - 1];
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, up[j - 1] + (is_equal ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
    std::swap(two_up, up);
    std::swap(up, row);
  }
  return up[b.size()];
}

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  return nearest(name, candidates, edit_distance);
}

std::string nearest_key(std::string_view key, std::span<const std::string> candidates) {
  return nearest(key, candidates, key_distance);
}

}  // namespace lowtide::trainer
