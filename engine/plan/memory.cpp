// SPDX-License-Identifier: Apache-2.0
// The memory planner.
#include "engine/plan/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/base/ints.hpp"

namespace lowtide::plan {
namespace {

struct Placed {
  uint64_t begin;
  uint64_t end;
  uint32_t first;
  uint32_t last;
};

// The lowest aligned offset not below `offset` at which `bytes` do not cross a chunk's end.
uint64_t within_chunk(uint64_t offset, uint64_t bytes, uint64_t chunk_bytes) {
  const uint64_t chunk_end = round_up(offset + 1, chunk_bytes);
  return offset + bytes <= chunk_end ? offset : chunk_end;
}

// `placed` is sorted by begin.
uint64_t lowest_fit(const std::vector<Placed>& placed, const Lifetime& lifetime, uint64_t alignment, uint64_t chunk) {
  uint64_t offset = 0;
  for (const Placed& other : placed) {
    if (other.last < lifetime.first || other.first > lifetime.last) continue;
    if (offset + lifetime.bytes <= other.begin) break;
    if (other.end > offset) offset = within_chunk(round_up(other.end, alignment), lifetime.bytes, chunk);
  }
  return offset;
}

}  // namespace

Result<Packing> pack_lifetimes(std::span<const Lifetime> lifetimes, uint64_t alignment, uint64_t chunk_bytes) {
  LOWTIDE_CHECK(alignment > 0 && chunk_bytes % alignment == 0, "chunks are multiples of the alignment");
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  Packing packing;
  packing.offsets.resize(lifetimes.size());
  std::vector<Placed> placed;
  for (const size_t i : order) {
    const Lifetime& lifetime = lifetimes[i];
    if (lifetime.bytes > chunk_bytes) {
      return fail(ErrorCode::unsupported,
                  fmt::format("a tensor needs {} bytes, but the device binds at most {} at once; use a smaller batch",
                              lifetime.bytes, chunk_bytes));
    }
    const uint64_t offset = lowest_fit(placed, lifetime, alignment, chunk_bytes);
    packing.offsets[i] = offset;
    packing.bytes = std::max(packing.bytes, offset + lifetime.bytes);
    const Placed entry = {offset, offset + lifetime.bytes, lifetime.first, lifetime.last};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), entry,
                                   [](const Placed& a, const Placed& b) { return a.begin < b.begin; }),
                  entry);
  }
  return packing;
}

}  // namespace lowtide::plan
