// SPDX-License-Identifier: Apache-2.0
// How reductions over weights cut a row into chunks, one workgroup each. A function of the length alone.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/ints.hpp"

namespace lowtide::ops {

struct Chunks {
  bool is_vec4 = false;  // items are four elements; where the length is a multiple of four
  uint32_t items = 0;    // of a row
  uint32_t items_each = 0;
  uint32_t count = 0;
};

// Chunks long enough to be worth a workgroup, and few enough for one workgroup to finish.
inline Chunks chunks_of(uint32_t length) {
  constexpr uint32_t kFewestEach = 4096, kMostChunks = 128;
  Chunks chunks;
  chunks.is_vec4 = length % 4 == 0;
  const uint32_t width = chunks.is_vec4 ? 4 : 1;
  chunks.items = length / width;
  chunks.items_each = std::max(kFewestEach / width, ceil_div(chunks.items, kMostChunks));
  chunks.count = ceil_div(chunks.items, chunks.items_each);
  return chunks;
}

}  // namespace lowtide::ops
