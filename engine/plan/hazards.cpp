// SPDX-License-Identifier: Apache-2.0
// The hazard planner: one pass. `open` is what has been touched since the last barrier; a dispatch that conflicts with
// it needs a barrier, which closes everything before it. Correct because a pair with no barrier between them has both
// in `open` together, where every read-write, write-read and write-write overlap is looked for.
#include "engine/plan/hazards.hpp"

#include <algorithm>

namespace lowtide::plan {
namespace {

bool any_overlap(const std::vector<ByteRange>& a, const std::vector<ByteRange>& b) {
  return std::any_of(a.begin(), a.end(), [&](const ByteRange& x) {
    return std::any_of(b.begin(), b.end(), [&](const ByteRange& y) { return x.overlaps(y); });
  });
}

}  // namespace

std::vector<uint32_t> place_barriers(std::span<const AccessSet> dispatches) {
  std::vector<uint32_t> barriers;
  AccessSet open;
  for (size_t i = 0; i < dispatches.size(); ++i) {
    const AccessSet& next = dispatches[i];
    const bool conflict = any_overlap(next.reads, open.writes) || any_overlap(next.writes, open.reads) ||
                          any_overlap(next.writes, open.writes);
    if (conflict) {
      barriers.push_back(static_cast<uint32_t>(i));
      open = {};
    }
    open.reads.insert(open.reads.end(), next.reads.begin(), next.reads.end());
    open.writes.insert(open.writes.end(), next.writes.begin(), next.writes.end());
  }
  return barriers;
}

}  // namespace lowtide::plan
