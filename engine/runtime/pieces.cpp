// SPDX-License-Identifier: Apache-2.0
// Pieces, one after the other.
#include "engine/runtime/pieces.hpp"

namespace lowtide::runtime {

std::vector<uint32_t> piece_ends(std::span<const double> seconds, double limit) {
  std::vector<uint32_t> ends;
  double sum = 0;
  for (uint32_t i = 0; i < seconds.size(); ++i) {
    const bool is_first_of_piece = i == (ends.empty() ? 0 : ends.back());
    if (!is_first_of_piece && sum + seconds[i] > limit) {
      ends.push_back(i);
      sum = 0;
    }
    sum += seconds[i];
  }
  ends.push_back(static_cast<uint32_t>(seconds.size()));
  return ends;
}

}  // namespace lowtide::runtime
