// SPDX-License-Identifier: Apache-2.0
// A buffer with memory of its own: storage for arenas, source and target of copies. Host-visible ones stay mapped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/result.hpp"
#include "engine/vk/api.hpp"
#include "engine/vk/memory.hpp"

namespace lowtide::vk {

// Movable, not copyable. The device must outlive it, and no submitted work may still use it on destruction.
class Buffer {
 public:
  // `bytes` > 0; contents are undefined. `name` is for capture tools. Error `out_of_memory` where it does not fit.
  static Result<Buffer> create(const Device& device, Domain domain, uint64_t bytes, const std::string& name);

  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  VkBuffer handle() const { return handle_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t address() const { return address_; }  // 0 without the device_address feature
  std::span<std::byte> mapped() const { return {mapped_, mapped_ == nullptr ? 0 : static_cast<size_t>(bytes_)}; }

 private:
  Result<void> init(const Device& device, Domain domain, const std::string& name);

  const Device* device_ = nullptr;
  VkBuffer handle_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  std::byte* mapped_ = nullptr;
  uint64_t bytes_ = 0;
  uint64_t address_ = 0;
};

}  // namespace lowtide::vk
