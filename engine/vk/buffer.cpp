// SPDX-License-Identifier: Apache-2.0
// Buffers.
#include "engine/vk/buffer.hpp"

#include <fmt/format.h>

#include <utility>

#include "engine/base/check.hpp"
#include "engine/vk/debug.hpp"

namespace lowtide::vk {

Result<Buffer> Buffer::create(const Device& device, Domain domain, uint64_t bytes, const std::string& name) {
  LOWTIDE_CHECK(bytes > 0, "a buffer of no bytes");
  if (bytes > device.caps().max_allocation_bytes) {
    return fail(ErrorCode::out_of_memory,
                fmt::format("the buffer '{}' wants {} bytes, this device allows {} in one; use a smaller batch", name,
                            bytes, device.caps().max_allocation_bytes));
  }
  Buffer buffer;
  buffer.device_ = &device;
  buffer.bytes_ = bytes;
  LOWTIDE_TRY_VOID(buffer.init(device, domain, name));
  return buffer;
}

Result<void> Buffer::init(const Device& device, Domain domain, const std::string& name) {
  const bool with_address = device.caps().has(bit(Feature::device_address));
  VkBufferCreateInfo info = {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.size = bytes_;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT;
  if (with_address) info.usage |= VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;
  LOWTIDE_VK(device.charge(Resource::buffer), "making a buffer");
  LOWTIDE_VK(device.api().vkCreateBuffer(device.handle(), &info, nullptr, &handle_), "making a buffer");
  set_name(device, VK_OBJECT_TYPE_BUFFER, reinterpret_cast<uint64_t>(handle_), name);

  VkMemoryRequirements requirements = {};
  device.api().vkGetBufferMemoryRequirements(device.handle(), handle_, &requirements);
  LOWTIDE_TRY(memory_, allocate_memory(device, requirements, domain, with_address));
  LOWTIDE_VK(device.api().vkBindBufferMemory(device.handle(), handle_, memory_, 0), "binding memory to a buffer");
  if (domain != Domain::device) {
    void* data = nullptr;
    LOWTIDE_VK(device.api().vkMapMemory(device.handle(), memory_, 0, VK_WHOLE_SIZE, 0, &data), "mapping a buffer");
    mapped_ = static_cast<std::byte*>(data);
  }
  if (with_address) {
    VkBufferDeviceAddressInfo which = {VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, handle_};
    address_ = device.api().vkGetBufferDeviceAddress(device.handle(), &which);
  }
  return {};
}

Buffer::Buffer(Buffer&& other) noexcept
    : device_(std::exchange(other.device_, nullptr)),
      handle_(std::exchange(other.handle_, VK_NULL_HANDLE)),
      memory_(std::exchange(other.memory_, VK_NULL_HANDLE)),
      mapped_(std::exchange(other.mapped_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      address_(std::exchange(other.address_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(handle_, other.handle_);
  std::swap(memory_, other.memory_);
  std::swap(mapped_, other.mapped_);
  std::swap(bytes_, other.bytes_);
  std::swap(address_, other.address_);
  return *this;
}

Buffer::~Buffer() {
  if (device_ == nullptr) return;
  const VolkDeviceTable& api = device_->api();
  if (handle_ != VK_NULL_HANDLE) api.vkDestroyBuffer(device_->handle(), handle_, nullptr);
  if (memory_ != VK_NULL_HANDLE) api.vkFreeMemory(device_->handle(), memory_, nullptr);
}

}  // namespace lowtide::vk
