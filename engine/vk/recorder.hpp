// SPDX-License-Identifier: Apache-2.0
// Writes commands into one command buffer: bind, push, dispatch, barrier, copy, fill, label, timestamp. It knows
// nothing of programs.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/kernel/dispatch.hpp"
#include "engine/vk/device.hpp"
#include "engine/vk/pipeline.hpp"

namespace lowtide::vk {

// Command buffers that live and die together. Movable through its pointer only; no submitted work may still use it on
// destruction.
class CommandPool {
 public:
  static Result<std::unique_ptr<CommandPool>> create(const Device& device);
  ~CommandPool();
  CommandPool(const CommandPool&) = delete;
  CommandPool& operator=(const CommandPool&) = delete;

  Result<VkCommandBuffer> allocate();
  Result<void> reset();  // all command buffers become empty; they stay allocated

 private:
  explicit CommandPool(const Device& device) : device_(device) {}

  const Device& device_;
  VkCommandPool handle_ = VK_NULL_HANDLE;
};

// Who must have finished before who starts.
enum class Barrier : uint8_t {
  compute_to_compute,  // between dispatches
  all_to_all,          // transfers and dispatches on both sides, earlier submissions included
  transfer_to_host,    // the host reads after waiting
};

struct CopyRegion {
  VkBuffer from = VK_NULL_HANDLE;
  uint64_t from_offset = 0;
  VkBuffer to = VK_NULL_HANDLE;
  uint64_t to_offset = 0;
  uint64_t bytes = 0;
};

class Recorder {
 public:
  // `commands` must be empty and not in use.
  static Result<Recorder> begin(const Device& device, VkCommandBuffer commands);
  Result<void> end();

  // Binds a pipeline and its set 0; `dynamic_offset` is used by the device-address form only.
  void bind(const Pipeline& pipeline, VkDescriptorSet set, uint32_t dynamic_offset);
  void push(std::span<const std::byte> params);  // to the bound pipeline
  void dispatch(Groups groups);
  void barrier(Barrier kind);
  void copy(const CopyRegion& region);
  void fill(VkBuffer buffer, uint64_t bytes, uint32_t word);  // from the start; bytes is a multiple of 4
  void begin_label(const char* text);
  void end_label();
  void reset_queries(VkQueryPool pool, uint32_t count);
  void timestamp(VkQueryPool pool, uint32_t index);  // after all earlier commands

 private:
  Recorder(const Device& device, VkCommandBuffer commands) : device_(&device), commands_(commands) {}

  const Device* device_;
  VkCommandBuffer commands_;
  const Pipeline* bound_ = nullptr;
};

}  // namespace lowtide::vk
