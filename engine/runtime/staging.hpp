// SPDX-License-Identifier: Apache-2.0
// Staging: blocking copies of any length between host memory and device buffers, through two host-visible buffers that
// are made once. For initial parameters, checkpoints and tests; what changes every step has memory in its executor
// slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "engine/base/result.hpp"
#include "engine/vk/buffer.hpp"
#include "engine/vk/recorder.hpp"
#include "engine/vk/timeline.hpp"

namespace lowtide::runtime {

class Staging {
 public:
  static Result<std::unique_ptr<Staging>> create(const vk::Device& device, vk::Timeline& timeline);

  // Both wait for everything submitted before, and return when the copy is done. Any thread.
  Result<void> write(const vk::Buffer& to, uint64_t offset, std::span<const std::byte> bytes);
  Result<void> read(const vk::Buffer& from, uint64_t offset, std::span<std::byte> bytes);

  // Stores `word` in every word of the buffers.
  Result<void> fill(std::span<const vk::Buffer* const> buffers, uint32_t word);

 private:
  Staging(const vk::Device& device, vk::Timeline& timeline) : device_(device), timeline_(timeline) {}
  Result<void> copy(const vk::CopyRegion& region);
  Result<vk::Recorder> begin();
  Result<void> finish(vk::Recorder& recorder);

  const vk::Device& device_;
  vk::Timeline& timeline_;
  std::mutex mutex_;
  vk::Buffer upload_;
  vk::Buffer readback_;
  std::unique_ptr<vk::CommandPool> pool_;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
};

}  // namespace lowtide::runtime
