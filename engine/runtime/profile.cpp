// SPDX-License-Identifier: Apache-2.0
// Profile tables.
#include "engine/runtime/profile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lowtide::runtime {
namespace {

std::string line(const ProfileRow& row) {
  return fmt::format("{:<72} {:>7} {:>10.3f} {:>6.1f} {:>8.2f}\n", row.label, row.count, row.seconds * 1e3,
                     row.share * 100.0, row.seconds > 0.0 ? row.bytes / row.seconds * 1e-9 : 0.0);
}

}  // namespace

void Profile::add(std::string_view label, double seconds, double bytes) {
  auto found = rows_.find(label);
  if (found == rows_.end()) found = rows_.emplace(std::string(label), ProfileRow{std::string(label)}).first;
  ProfileRow& row = found->second;
  ++row.count;
  row.seconds += seconds;
  row.bytes += bytes;
}

std::vector<ProfileRow> Profile::rows() const {
  std::vector<ProfileRow> out;
  double total = 0.0;
  for (const auto& [label, row] : rows_) {
    out.push_back(row);
    total += row.seconds;
  }
  for (ProfileRow& row : out) row.share = total > 0.0 ? row.seconds / total : 0.0;
  std::stable_sort(out.begin(), out.end(),
                   [](const ProfileRow& a, const ProfileRow& b) { return a.seconds > b.seconds; });
  return out;
}

std::string Profile::table(size_t max_rows) const {
  const std::vector<ProfileRow> all = rows();
  std::string out = fmt::format("{:<72} {:>7} {:>10} {:>6} {:>8}\n", "dispatch", "count", "ms", "%", "GB/s");
  ProfileRow rest{"the rest"};
  for (size_t i = 0; i < all.size(); ++i) {
    if (i < max_rows) {
      out += line(all[i]);
      continue;
    }
    rest.count += all[i].count;
    rest.seconds += all[i].seconds;
    rest.bytes += all[i].bytes;
    rest.share += all[i].share;
  }
  if (rest.count > 0) out += line(rest);
  return out;
}

}  // namespace lowtide::runtime
