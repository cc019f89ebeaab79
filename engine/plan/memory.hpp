// SPDX-License-Identifier: Apache-2.0
// Lifetimes -> offsets. Values that are never alive together may share memory; tests check the result by brute force.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/kernel/caps.hpp"

namespace lowtide::plan {

// Alive from dispatch `first` to dispatch `last`, both included.
struct Lifetime {
  uint64_t bytes = 0;
  uint32_t first = 0;
  uint32_t last = 0;
};

// Constants of a packed model are many and small: they lie as close as in its file, unless the device asks for more.
inline uint64_t constant_alignment(const DeviceCaps& caps) {
  return std::max<uint64_t>(64, caps.storage_buffer_alignment);
}

struct Packing {
  std::vector<uint64_t> offsets;  // by index of the lifetimes; multiples of the alignment
  uint64_t bytes = 0;             // extent of everything placed
};

// Places each lifetime so that no two that overlap in time overlap in memory and none crosses a multiple of
// `chunk_bytes`. Each at the lowest offset that fits, by decreasing size (Pisarchyk and Lee 2020, "greedy by size") and
// in some other orders; the best result counts. Error: one is larger than a chunk.
Result<Packing> pack_lifetimes(std::span<const Lifetime> lifetimes, uint64_t alignment, uint64_t chunk_bytes);

}  // namespace lowtide::plan
