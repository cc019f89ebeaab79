// SPDX-License-Identifier: Apache-2.0
// Arena storage.
#include "engine/runtime/arena.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/check.hpp"
#include "engine/base/ints.hpp"
#include "engine/runtime/context.hpp"
#include "engine/vk/buffer.hpp"

namespace lowtide::runtime {

namespace {

// llvmpipe runs a loop's body once more with no lane active and does not mask loads from addresses that all lanes
// share; device addresses are not checked against a buffer's end either. So a kernel that is right may read a little
// past its last element there, and what it reads must be mapped.
constexpr uint64_t kOverreadBytes = 4096;

}  // namespace

ArenaStorage::ArenaStorage(uint64_t bytes, uint64_t chunk_bytes) : bytes_(bytes), chunk_bytes_(chunk_bytes) {}
ArenaStorage::~ArenaStorage() = default;

Result<std::shared_ptr<ArenaStorage>> ArenaStorage::create(const Context& context, plan::Arena arena, uint64_t bytes,
                                                           uint64_t chunk_bytes) {
  LOWTIDE_CHECK(bytes > 0 && chunk_bytes > 0, "an arena needs bytes and a chunk size");
  const DeviceCaps& caps = context.caps();
  auto storage = std::shared_ptr<ArenaStorage>(new ArenaStorage(bytes, chunk_bytes));
  for (uint64_t at = 0; at < bytes; at += chunk_bytes) {
    const uint64_t wanted = round_up(std::min(chunk_bytes, bytes - at), plan::kPlacementAlignment);
    const bool has_slack = caps.prefers_device_address && wanted + kOverreadBytes <= caps.max_allocation_bytes;
    const uint64_t chunk = wanted + (has_slack ? kOverreadBytes : 0);
    auto buffer = vk::Buffer::create(context.device(), vk::Domain::device, chunk,
                                     fmt::format("arena {} chunk {}", plan::arena_name(arena), at / chunk_bytes));
    if (!buffer) {
      Error error = std::move(buffer).error();
      error.reasons.push_back(fmt::format("the arena '{}' needs {} bytes, of which {} were there; the device has {}",
                                          plan::arena_name(arena), bytes, at, context.caps().device_memory_bytes));
      return tl::unexpected(std::move(error));
    }
    storage->chunks_.push_back(std::move(*buffer));
  }
  return storage;
}

std::span<const vk::Buffer> ArenaStorage::chunks() const {
  return chunks_;
}

ArenaStorage::Location ArenaStorage::locate(uint64_t offset) const {
  LOWTIDE_CHECK(offset < bytes_, "an offset outside of the arena");
  return {&chunks_[offset / chunk_bytes_], offset % chunk_bytes_};
}

bool ArenaStorage::fits(uint64_t bytes, uint64_t chunk_bytes) const {
  if (bytes > bytes_) return false;
  return chunk_bytes == chunk_bytes_ || bytes <= std::min(chunk_bytes, chunk_bytes_);
}

}  // namespace lowtide::runtime
