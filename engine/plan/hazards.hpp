// SPDX-License-Identifier: Apache-2.0
// Access sets -> barrier positions. Two dispatches between which no barrier stands may run in any order or together; so
// each pair that touches the same bytes, one of them writing, must have a barrier between them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lowtide::plan {

struct ByteRange {
  uint32_t arena = 0;
  uint64_t begin = 0;
  uint64_t end = 0;  // one past the last byte

  bool overlaps(const ByteRange& o) const { return arena == o.arena && begin < o.end && o.begin < end; }
};

struct AccessSet {
  std::vector<ByteRange> reads;
  std::vector<ByteRange> writes;
};

// Positions i (ascending, i > 0) such that a barrier before dispatch i separates every hazard; as late as possible, so
// that the fewest are needed for this order of dispatches.
std::vector<uint32_t> place_barriers(std::span<const AccessSet> dispatches);

}  // namespace lowtide::plan
