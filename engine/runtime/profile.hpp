// SPDX-License-Identifier: Apache-2.0
// Profile: where the time of a program goes, by dispatch label. Pure: times come from the executor.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lowtide::runtime {

struct ProfileRow {
  std::string label;
  uint64_t count = 0;    // dispatches
  double seconds = 0.0;  // together
  double bytes = 0.0;    // sizes of all bindings, together; what is read and written counts twice
  double share = 0.0;    // of the time of all rows
};

class Profile {
 public:
  void add(std::string_view label, double seconds, double bytes);
  bool is_empty() const { return rows_.empty(); }

  // Longest first.
  std::vector<ProfileRow> rows() const;

  // A table for people: label, count, milliseconds, share, GB/s; at most `max_rows` rows, then the rest as one.
  std::string table(size_t max_rows = 40) const;

 private:
  std::map<std::string, ProfileRow, std::less<>> rows_;
};

}  // namespace lowtide::runtime
