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

// Which of two lifetimes is placed first.
using Order = bool (*)(const Lifetime& a, const Lifetime& b);

uint32_t duration(const Lifetime& lifetime) {
  return lifetime.last - lifetime.first;
}

// The second places what lies long below what comes and goes, where sizes are alike; the others from the end and from
// the start of a step.
constexpr Order kOrders[] = {
    [](const Lifetime& a, const Lifetime& b) { return a.bytes > b.bytes; },
    [](const Lifetime& a, const Lifetime& b) {
      return a.bytes != b.bytes ? a.bytes > b.bytes : duration(a) > duration(b);
    },
    [](const Lifetime& a, const Lifetime& b) { return a.bytes != b.bytes ? a.bytes > b.bytes : a.last > b.last; },
    [](const Lifetime& a, const Lifetime& b) { return duration(a) > duration(b); },
    [](const Lifetime& a, const Lifetime& b) { return a.first < b.first; },
    [](const Lifetime& a, const Lifetime& b) { return a.last > b.last; },
};

Packing pack_in_order(std::span<const Lifetime> lifetimes, Order is_before, uint64_t alignment, uint64_t chunk_bytes) {
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return is_before(lifetimes[a], lifetimes[b]); });
  Packing packing;
  packing.offsets.resize(lifetimes.size());
  std::vector<Placed> placed;
  for (const size_t i : order) {
    const Lifetime& lifetime = lifetimes[i];
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

}  // namespace

Result<Packing> pack_lifetimes(std::span<const Lifetime> lifetimes, uint64_t alignment, uint64_t chunk_bytes) {
  LOWTIDE_CHECK(alignment > 0 && chunk_bytes % alignment == 0, "chunks are multiples of the alignment");
  for (const Lifetime& lifetime : lifetimes) {
    if (lifetime.bytes <= chunk_bytes) continue;
    return fail(ErrorCode::unsupported,
                fmt::format("a tensor needs {} bytes, but the device binds at most {} at once; use a smaller batch",
                            lifetime.bytes, chunk_bytes));
  }
  Packing best;
  for (const Order order : kOrders) {
    Packing packing = pack_in_order(lifetimes, order, alignment, chunk_bytes);
    if (best.offsets.size() != lifetimes.size() || packing.bytes < best.bytes) best = std::move(packing);
  }
  return best;
}

}  // namespace lowtide::plan
