// SPDX-License-Identifier: Apache-2.0
// Command recording.
#include "engine/vk/recorder.hpp"

#include <memory>

#include "engine/base/check.hpp"
#include "engine/vk/debug.hpp"

namespace lowtide::vk {

Result<std::unique_ptr<CommandPool>> CommandPool::create(const Device& device) {
  auto pool = std::unique_ptr<CommandPool>(new CommandPool(device));
  VkCommandPoolCreateInfo info = {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  info.queueFamilyIndex = device.physical().queue_family;
  LOWTIDE_VK(device.charge(Resource::command_pool), "making a command pool");
  LOWTIDE_VK(device.api().vkCreateCommandPool(device.handle(), &info, nullptr, &pool->handle_),
             "making a command pool");
  return pool;
}

CommandPool::~CommandPool() {
  if (handle_ != VK_NULL_HANDLE) device_.api().vkDestroyCommandPool(device_.handle(), handle_, nullptr);
}

Result<VkCommandBuffer> CommandPool::allocate() {
  VkCommandBufferAllocateInfo info = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  info.commandPool = handle_;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  LOWTIDE_VK(device_.charge(Resource::command_buffer), "allocating a command buffer");
  LOWTIDE_VK(device_.api().vkAllocateCommandBuffers(device_.handle(), &info, &commands), "allocating a command buffer");
  return commands;
}

Result<void> CommandPool::reset() {
  LOWTIDE_VK(device_.api().vkResetCommandPool(device_.handle(), handle_, 0), "resetting a command pool");
  return {};
}

Result<Recorder> Recorder::begin(const Device& device, VkCommandBuffer commands) {
  const VkCommandBufferBeginInfo info = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  LOWTIDE_VK(device.api().vkBeginCommandBuffer(commands, &info), "starting to record");
  return Recorder(device, commands);
}

Result<void> Recorder::end() {
  LOWTIDE_VK(device_->api().vkEndCommandBuffer(commands_), "recording");
  return {};
}

void Recorder::bind(const Pipeline& pipeline, VkDescriptorSet set, uint32_t dynamic_offset) {
  const VolkDeviceTable& api = device_->api();
  if (bound_ != &pipeline) api.vkCmdBindPipeline(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.handle);
  bound_ = &pipeline;
  if (set == VK_NULL_HANDLE) return;  // a kernel without bindings
  const uint32_t offset_count = pipeline.form == BindingForm::device_address ? 1 : 0;
  api.vkCmdBindDescriptorSets(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.layout, 0, 1, &set, offset_count,
                              &dynamic_offset);
}

void Recorder::push(std::span<const std::byte> params) {
  LOWTIDE_CHECK(bound_ != nullptr, "push constants need a bound pipeline");
  if (params.empty()) return;
  device_->api().vkCmdPushConstants(commands_, bound_->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                    static_cast<uint32_t>(params.size()), params.data());
}

void Recorder::dispatch(Groups groups) {
  device_->api().vkCmdDispatch(commands_, groups.x, groups.y, groups.z);
}

void Recorder::barrier(Barrier kind) {
  constexpr VkPipelineStageFlags2 kCompute = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT;
  constexpr VkPipelineStageFlags2 kTransfer = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
  constexpr VkAccessFlags2 kShaderAccess = VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT;
  VkMemoryBarrier2 memory = {VK_STRUCTURE_TYPE_MEMORY_BARRIER_2};
  switch (kind) {
    case Barrier::compute_to_compute:
      memory.srcStageMask = memory.dstStageMask = kCompute;
      memory.srcAccessMask = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT;
      memory.dstAccessMask = kShaderAccess;
      break;
    case Barrier::all_to_all:
      memory.srcStageMask = memory.dstStageMask = kCompute | kTransfer;
      memory.srcAccessMask = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT;
      memory.dstAccessMask = kShaderAccess | VK_ACCESS_2_TRANSFER_READ_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT;
      break;
    case Barrier::transfer_to_host:
      memory.srcStageMask = kTransfer;
      memory.srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT;
      memory.dstStageMask = VK_PIPELINE_STAGE_2_HOST_BIT;
      memory.dstAccessMask = VK_ACCESS_2_HOST_READ_BIT;
      break;
  }
  VkDependencyInfo info = {VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
  info.memoryBarrierCount = 1;
  info.pMemoryBarriers = &memory;
  device_->api().vkCmdPipelineBarrier2(commands_, &info);
}

void Recorder::copy(const CopyRegion& region) {
  const VkBufferCopy copy = {region.from_offset, region.to_offset, region.bytes};
  device_->api().vkCmdCopyBuffer(commands_, region.from, region.to, 1, &copy);
}

void Recorder::fill(VkBuffer buffer, uint64_t bytes, uint32_t word) {
  device_->api().vkCmdFillBuffer(commands_, buffer, 0, bytes, word);
}

void Recorder::begin_label(const char* text) {
  if (!device_->has_debug_names() || vkCmdBeginDebugUtilsLabelEXT == nullptr) return;
  VkDebugUtilsLabelEXT label = {VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT};
  label.pLabelName = text;
  vkCmdBeginDebugUtilsLabelEXT(commands_, &label);
}

void Recorder::end_label() {
  if (!device_->has_debug_names() || vkCmdEndDebugUtilsLabelEXT == nullptr) return;
  vkCmdEndDebugUtilsLabelEXT(commands_);
}

void Recorder::reset_queries(VkQueryPool pool, uint32_t count) {
  device_->api().vkCmdResetQueryPool(commands_, pool, 0, count);
}

void Recorder::timestamp(VkQueryPool pool, uint32_t index) {
  device_->api().vkCmdWriteTimestamp2(commands_, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, pool, index);
}

}  // namespace lowtide::vk
