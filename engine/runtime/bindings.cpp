// SPDX-License-Identifier: Apache-2.0
// Descriptors of a program.
#include "engine/runtime/bindings.hpp"

#include <cstring>
#include <map>

#include "engine/base/check.hpp"
#include "engine/base/ints.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/vk/debug.hpp"

namespace lowtide::runtime {
namespace {

vk::BindingForm form_of(const KernelInfo& kernel, const DeviceCaps& caps, std::optional<vk::BindingForm> wanted) {
  if (!wanted) return vk::preferred_form(kernel, caps);
  const bool has_address_form = !kernel.spirv_address.empty() && !kernel.bindings.empty();
  return has_address_form ? *wanted : vk::BindingForm::storage_buffer;
}

ArenaStorage::Location locate(const ArenaSet& arenas, const plan::Placement& placement) {
  const auto& storage = arenas[static_cast<size_t>(placement.arena)];
  LOWTIDE_CHECK(storage != nullptr && placement.bytes > 0, "a dispatch uses a value that is not stored");
  return storage->locate(placement.offset);
}

}  // namespace

Result<std::unique_ptr<Bindings>> Bindings::create(const Context& context, const plan::Program& program,
                                                   const ArenaSet& arenas, std::optional<vk::BindingForm> form) {
  auto bindings = std::unique_ptr<Bindings>(new Bindings(context));
  LOWTIDE_TRY_VOID(bindings->find_pipelines(program, form));
  LOWTIDE_TRY_VOID(bindings->allocate_sets(program, arenas));
  LOWTIDE_TRY_VOID(bindings->write_storage_sets());
  LOWTIDE_TRY_VOID(bindings->write_address_blocks());
  bindings->requests_ = {};
  bindings->blocks_ = {};
  return bindings;
}

Bindings::~Bindings() {
  if (pool_ == VK_NULL_HANDLE) return;
  context_.device().api().vkDestroyDescriptorPool(context_.device().handle(), pool_, nullptr);
}

Result<void> Bindings::find_pipelines(const plan::Program& program, std::optional<vk::BindingForm> form) {
  std::vector<vk::PipelineKey> keys;
  for (const Dispatch& dispatch : program.dispatches) {
    keys.push_back(vk::pipeline_key(dispatch, form_of(kernel_info(dispatch.kernel), context_.caps(), form)));
  }
  LOWTIDE_TRY(const std::vector<const vk::Pipeline*> pipelines, context_.pipelines().get(keys));
  for (const vk::Pipeline* pipeline : pipelines) dispatches_.push_back({pipeline});
  return {};
}

Result<void> Bindings::allocate_sets(const plan::Program& program, const ArenaSet& arenas) {
  std::map<std::vector<uint64_t>, size_t> known;  // layout, then buffer, offset and range of each binding
  uint32_t storage_count = 0;
  for (uint32_t i = 0; i < program.dispatches.size(); ++i) {
    const Dispatch& dispatch = program.dispatches[i];
    const vk::Pipeline& pipeline = *dispatches_[i].pipeline;
    if (dispatch.value_count == 0) continue;
    SetRequest request{pipeline.set_layout, {}, {}};
    AddressBlock block{{}, i};
    std::vector<uint64_t> key = {reinterpret_cast<uint64_t>(pipeline.set_layout)};
    for (uint32_t b = 0; b < dispatch.value_count; ++b) {
      const plan::Placement& placement = program.placement(dispatch.values[b]);
      const ArenaStorage::Location at = locate(arenas, placement);
      block.addresses[b] = at.buffer->address() + at.offset;
      request.buffers.push_back({at.buffer->handle(), at.offset, round_up(placement.bytes, uint64_t{4})});
      key.insert(key.end(), {reinterpret_cast<uint64_t>(at.buffer->handle()), at.offset, request.buffers.back().range});
    }
    if (pipeline.form == vk::BindingForm::device_address) {
      blocks_.push_back(block);
      continue;
    }
    const auto [row, is_new] = known.try_emplace(std::move(key), requests_.size());
    if (is_new) storage_count += dispatch.value_count;
    if (is_new) requests_.push_back(std::move(request));
    requests_[row->second].users.push_back(i);
  }
  const uint32_t set_count = static_cast<uint32_t>(requests_.size()) + (blocks_.empty() ? 0 : 1);
  return set_count == 0 ? Result<void>{} : make_pool(set_count, storage_count, !blocks_.empty());
}

Result<void> Bindings::make_pool(uint32_t set_count, uint32_t storage_count, bool uses_address) {
  std::vector<VkDescriptorPoolSize> sizes;
  if (storage_count > 0) sizes.push_back({VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, storage_count});
  if (uses_address) sizes.push_back({VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC, 1});
  VkDescriptorPoolCreateInfo info = {VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
  info.maxSets = set_count;
  info.poolSizeCount = static_cast<uint32_t>(sizes.size());
  info.pPoolSizes = sizes.data();
  const vk::Device& device = context_.device();
  LOWTIDE_VK(device.charge(vk::Resource::descriptor_pool), "making a descriptor pool");
  LOWTIDE_VK(device.api().vkCreateDescriptorPool(device.handle(), &info, nullptr, &pool_), "making a descriptor pool");
  return {};
}

Result<VkDescriptorSet> Bindings::allocate_set(VkDescriptorSetLayout layout) {
  VkDescriptorSetAllocateInfo info = {VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
  info.descriptorPool = pool_;
  info.descriptorSetCount = 1;
  info.pSetLayouts = &layout;
  VkDescriptorSet set = VK_NULL_HANDLE;
  const vk::Device& device = context_.device();
  LOWTIDE_VK(device.charge(vk::Resource::descriptor_set), "allocating a descriptor set");
  LOWTIDE_VK(device.api().vkAllocateDescriptorSets(device.handle(), &info, &set), "allocating a descriptor set");
  return set;
}

Result<void> Bindings::write_storage_sets() {
  const vk::Device& device = context_.device();
  for (const SetRequest& request : requests_) {
    LOWTIDE_TRY(const VkDescriptorSet set, allocate_set(request.layout));
    VkWriteDescriptorSet write = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
    write.dstSet = set;
    write.descriptorCount = static_cast<uint32_t>(request.buffers.size());  // runs over consecutive bindings
    write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    write.pBufferInfo = request.buffers.data();
    device.count(vk::Resource::descriptor_write);
    device.api().vkUpdateDescriptorSets(device.handle(), 1, &write, 0, nullptr);
    for (const uint32_t user : request.users) dispatches_[user].set = set;
  }
  return {};
}

Result<void> Bindings::write_address_blocks() {
  if (blocks_.empty()) return {};
  const vk::Device& device = context_.device();
  const uint32_t stride = round_up(vk::kAddressBlockBytes, device.physical().uniform_alignment);
  LOWTIDE_TRY(address_buffer_, vk::Buffer::create(device, vk::Domain::upload, uint64_t{stride} * blocks_.size(),
                                                  "device addresses of a program"));
  LOWTIDE_TRY(const VkDescriptorSet set, allocate_set(dispatches_[blocks_.front().user].pipeline->set_layout));
  const VkDescriptorBufferInfo buffer = {address_buffer_.handle(), 0, vk::kAddressBlockBytes};
  VkWriteDescriptorSet write = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
  write.dstSet = set;
  write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC;
  write.pBufferInfo = &buffer;
  device.count(vk::Resource::descriptor_write);
  device.api().vkUpdateDescriptorSets(device.handle(), 1, &write, 0, nullptr);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    std::memcpy(address_buffer_.mapped().data() + i * stride, blocks_[i].addresses.data(), vk::kAddressBlockBytes);
    dispatches_[blocks_[i].user].set = set;
    dispatches_[blocks_[i].user].dynamic_offset = narrow<uint32_t>(i * stride);
  }
  return {};
}

}  // namespace lowtide::runtime
