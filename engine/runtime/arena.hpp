// SPDX-License-Identifier: Apache-2.0
// The memory behind a program's arenas: buffers of at most chunk_bytes each. Shared between executors by shared_ptr, so
// that evaluation reads the parameters that training writes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/plan/program.hpp"

namespace lowtide::vk {
class Buffer;
}

namespace lowtide::runtime {

class Context;

class ArenaStorage {
 public:
  // `bytes` > 0; contents are undefined. Chunk i holds the bytes from i * chunk_bytes on.
  static Result<std::shared_ptr<ArenaStorage>> create(const Context& context, plan::Arena arena, uint64_t bytes,
                                                      uint64_t chunk_bytes);
  ~ArenaStorage();
  ArenaStorage(const ArenaStorage&) = delete;
  ArenaStorage& operator=(const ArenaStorage&) = delete;

  uint64_t bytes() const { return bytes_; }
  std::span<const vk::Buffer> chunks() const;

  struct Location {
    const vk::Buffer* buffer;
    uint64_t offset;
  };
  Location locate(uint64_t offset) const;

  // Whether placements made for `bytes` bytes in chunks of `chunk_bytes` fall into this storage's chunks.
  bool fits(uint64_t bytes, uint64_t chunk_bytes) const;

 private:
  ArenaStorage(uint64_t bytes, uint64_t chunk_bytes);

  uint64_t bytes_;
  uint64_t chunk_bytes_;
  std::vector<vk::Buffer> chunks_;
};

// By plan::Arena; null: not allocated (as input: to be allocated; as result: the program has nothing there).
using ArenaSet = std::array<std::shared_ptr<ArenaStorage>, plan::kArenaCount>;

}  // namespace lowtide::runtime
