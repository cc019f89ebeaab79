// SPDX-License-Identifier: Apache-2.0
// Blocking copies.
#include "engine/runtime/staging.hpp"

#include <algorithm>
#include <cstring>

#include "engine/base/check.hpp"

namespace lowtide::runtime {
namespace {

constexpr uint64_t kStagingBytes = uint64_t{4} << 20;

}  // namespace

Result<std::unique_ptr<Staging>> Staging::create(const vk::Device& device, vk::Timeline& timeline) {
  auto staging = std::unique_ptr<Staging>(new Staging(device, timeline));
  LOWTIDE_TRY(staging->upload_, vk::Buffer::create(device, vk::Domain::upload, kStagingBytes, "staging upload"));
  LOWTIDE_TRY(staging->readback_, vk::Buffer::create(device, vk::Domain::readback, kStagingBytes, "staging readback"));
  LOWTIDE_TRY(staging->pool_, vk::CommandPool::create(device));
  LOWTIDE_TRY(staging->commands_, staging->pool_->allocate());
  return staging;
}

Result<void> Staging::write(const vk::Buffer& to, uint64_t offset, std::span<const std::byte> bytes) {
  LOWTIDE_CHECK(offset <= to.bytes() && bytes.size() <= to.bytes() - offset, "a write past the end of a buffer");
  const std::lock_guard lock(mutex_);
  for (size_t at = 0; at < bytes.size(); at += kStagingBytes) {
    const size_t count = std::min<size_t>(kStagingBytes, bytes.size() - at);
    std::memcpy(upload_.mapped().data(), bytes.data() + at, count);
    LOWTIDE_TRY_VOID(copy({upload_.handle(), 0, to.handle(), offset + at, count}));
  }
  return {};
}

Result<void> Staging::read(const vk::Buffer& from, uint64_t offset, std::span<std::byte> bytes) {
  LOWTIDE_CHECK(offset <= from.bytes() && bytes.size() <= from.bytes() - offset, "a read past the end of a buffer");
  const std::lock_guard lock(mutex_);
  for (size_t at = 0; at < bytes.size(); at += kStagingBytes) {
    const size_t count = std::min<size_t>(kStagingBytes, bytes.size() - at);
    LOWTIDE_TRY_VOID(copy({from.handle(), offset + at, readback_.handle(), 0, count}));
    std::memcpy(bytes.data() + at, readback_.mapped().data(), count);
  }
  return {};
}

Result<void> Staging::fill(std::span<const vk::Buffer* const> buffers, uint32_t word) {
  const std::lock_guard lock(mutex_);
  LOWTIDE_TRY(vk::Recorder recorder, begin());
  for (const vk::Buffer* buffer : buffers) recorder.fill(buffer->handle(), buffer->bytes(), word);
  return finish(recorder);
}

Result<void> Staging::copy(const vk::CopyRegion& region) {
  LOWTIDE_TRY(vk::Recorder recorder, begin());
  recorder.copy(region);
  recorder.barrier(vk::Barrier::transfer_to_host);
  return finish(recorder);
}

Result<vk::Recorder> Staging::begin() {
  LOWTIDE_TRY_VOID(pool_->reset());
  LOWTIDE_TRY(vk::Recorder recorder, vk::Recorder::begin(device_, commands_));
  recorder.barrier(vk::Barrier::all_to_all);
  return recorder;
}

Result<void> Staging::finish(vk::Recorder& recorder) {
  LOWTIDE_TRY_VOID(recorder.end());
  LOWTIDE_TRY(const vk::Ticket ticket, timeline_.submit(commands_));
  return timeline_.wait(ticket);
}

}  // namespace lowtide::runtime
