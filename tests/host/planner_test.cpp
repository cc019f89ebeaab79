// SPDX-License-Identifier: Apache-2.0
// The planners against brute force: random lifetimes never share bytes, random access sets have a barrier between every
// hazard.
#include <gtest/gtest.h>

#include "engine/base/rng.hpp"
#include "engine/plan/hazards.hpp"
#include "engine/plan/memory.hpp"

namespace lowtide::plan {
namespace {

TEST(MemoryPlanner, RandomLifetimesNeverShareBytes) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed, 1);
    std::vector<Lifetime> lifetimes(1 + rng.below(60));
    uint64_t sum = 0, largest_live = 0;
    for (Lifetime& l : lifetimes) {
      l.bytes = 1 + rng.below(5000);
      l.first = rng.below(40);
      l.last = l.first + rng.below(10);
      sum += (l.bytes + 255) / 256 * 256;
    }
    constexpr uint64_t kChunk = 8192;
    const auto packing = pack_lifetimes(lifetimes, 256, kChunk);
    ASSERT_TRUE(packing.has_value());
    for (uint32_t time = 0; time < 50; ++time) {
      uint64_t live = 0;
      for (const Lifetime& l : lifetimes) live += l.first <= time && time <= l.last ? l.bytes : 0;
      largest_live = std::max(largest_live, live);
    }
    EXPECT_GE(packing->bytes, largest_live);
    EXPECT_LE(packing->bytes, sum + kChunk * (sum / kChunk + 1));
    for (size_t i = 0; i < lifetimes.size(); ++i) {
      const uint64_t begin = packing->offsets[i], end = begin + lifetimes[i].bytes;
      EXPECT_EQ(begin % 256, 0u);
      EXPECT_EQ(begin / kChunk, (end - 1) / kChunk) << "crosses a chunk";
      EXPECT_LE(end, packing->bytes);
      for (size_t j = 0; j < i; ++j) {
        const bool together = lifetimes[i].first <= lifetimes[j].last && lifetimes[j].first <= lifetimes[i].last;
        const bool apart = end <= packing->offsets[j] || packing->offsets[j] + lifetimes[j].bytes <= begin;
        EXPECT_TRUE(!together || apart) << "seed " << seed << " values " << i << " and " << j;
      }
    }
  }
}

TEST(MemoryPlanner, ReusesMemoryOfTheDead) {
  const std::vector<Lifetime> chain = {{1024, 0, 1}, {1024, 1, 2}, {1024, 2, 3}, {1024, 3, 4}};
  const auto packing = pack_lifetimes(chain, 256, 1 << 20);
  ASSERT_TRUE(packing.has_value());
  EXPECT_EQ(packing->bytes, 2048u);
}

TEST(MemoryPlanner, RefusesAValueLargerThanAChunk) {
  const std::vector<Lifetime> one = {{4097, 0, 0}};
  const auto packing = pack_lifetimes(one, 256, 4096);
  ASSERT_FALSE(packing.has_value());
  EXPECT_EQ(packing.error().code, ErrorCode::unsupported);
  EXPECT_NE(packing.error().text.find("4097"), std::string::npos);
}

bool conflict(const AccessSet& a, const AccessSet& b) {
  const auto overlap = [](const std::vector<ByteRange>& x, const std::vector<ByteRange>& y) {
    for (const ByteRange& r : x) {
      for (uint64_t byte = r.begin; byte < r.end; ++byte) {
        for (const ByteRange& s : y) {
          if (r.arena == s.arena && s.begin <= byte && byte < s.end) return true;
        }
      }
    }
    return false;
  };
  return overlap(a.writes, b.reads) || overlap(a.reads, b.writes) || overlap(a.writes, b.writes);
}

std::vector<AccessSet> random_accesses(Rng& rng) {
  std::vector<AccessSet> dispatches(2 + rng.below(14));
  for (AccessSet& d : dispatches) {
    for (auto* list : {&d.reads, &d.writes}) {
      const uint32_t count = rng.below(3);
      for (uint32_t i = 0; i < count; ++i) {
        const uint64_t begin = rng.below(40);
        list->push_back({rng.below(2), begin, begin + 1 + rng.below(8)});
      }
    }
  }
  return dispatches;
}

// Whether a barrier stands between every hazard of the list.
bool is_separated(const std::vector<AccessSet>& dispatches, const std::vector<uint32_t>& barriers) {
  for (size_t i = 0; i < dispatches.size(); ++i) {
    for (size_t j = i + 1; j < dispatches.size(); ++j) {
      if (!conflict(dispatches[i], dispatches[j])) continue;
      bool separated = false;
      for (const uint32_t b : barriers) separated = separated || (i < b && b <= j);
      if (!separated) return false;
    }
  }
  return true;
}

TEST(HazardPlanner, SeparatesEveryHazardWithNoBarrierToSpare) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed, 2);
    const std::vector<AccessSet> dispatches = random_accesses(rng);
    const std::vector<uint32_t> barriers = place_barriers(dispatches);
    ASSERT_TRUE(is_separated(dispatches, barriers)) << "seed " << seed;
    for (size_t skipped = 0; skipped < barriers.size(); ++skipped) {
      std::vector<uint32_t> fewer = barriers;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(skipped));
      EXPECT_FALSE(is_separated(dispatches, fewer)) << "seed " << seed << ": barrier " << skipped << " is not needed";
    }
  }
}

}  // namespace
}  // namespace lowtide::plan
