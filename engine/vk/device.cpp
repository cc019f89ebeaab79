// SPDX-License-Identifier: Apache-2.0
// Device creation and the ledger.
#include "engine/vk/device.hpp"

#include <cstdlib>
#include <utility>
#include <vector>

#include "engine/vk/debug.hpp"
#include "engine/vk/features.hpp"

namespace lowtide::vk {

const char* resource_name(Resource resource) {
  constexpr const char* kNames[kResourceCount] = {
      "memory",         "buffer",           "pipeline",     "shader_module",  "layout",     "descriptor_pool",
      "descriptor_set", "descriptor_write", "command_pool", "command_buffer", "query_pool", "semaphore",
      "submit"};
  return kNames[static_cast<size_t>(resource)];
}

Result<std::unique_ptr<Device>> Device::create(const Instance& instance, std::string_view request) {
  LOWTIDE_TRY(std::vector<PhysicalDevice> physical, instance.devices());
  std::vector<Candidate> candidates;
  for (const PhysicalDevice& device : physical) candidates.push_back(device.candidate);
  LOWTIDE_TRY(Selection selection, select_device(candidates, request));

  auto device = std::unique_ptr<Device>(new Device());
  device->physical_ = std::move(physical[selection.index]);
  device->selection_ = std::move(selection);
  device->has_debug_names_ = instance.has_debug_names();
  DeviceCaps& caps = device->physical_.candidate.caps;
  LOWTIDE_TRY_VOID(apply_environment(caps, [](const char* name) { return std::getenv(name); }));

  FeatureChain features(device->physical_.extensions);
  vkGetPhysicalDeviceFeatures2(device->physical_.handle, features.head());
  features.keep(caps.features);
  const std::vector<const char*> extensions = features.extension_names();

  const float priority = 1.0f;
  VkDeviceQueueCreateInfo queue = {VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  queue.queueFamilyIndex = device->physical_.queue_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkDeviceCreateInfo info = {VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, features.head()};
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  LOWTIDE_VK(vkCreateDevice(device->physical_.handle, &info, nullptr, &device->handle_), "opening " + caps.name);
  volkLoadDeviceTable(&device->api_, device->handle_);
  device->api_.vkGetDeviceQueue(device->handle_, queue.queueFamilyIndex, 0, &device->queue_);
  return device;
}

Device::~Device() {
  if (handle_ != VK_NULL_HANDLE) api_.vkDestroyDevice(handle_, nullptr);
}

VkResult Device::charge(Resource resource) const {
  count(resource);
  const std::lock_guard lock(hook_mutex_);
  if (!hook_ || !hook_(resource)) return VK_SUCCESS;
  return resource == Resource::submit ? VK_ERROR_DEVICE_LOST : VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

void Device::count(Resource resource, uint64_t times) const {
  counts_[static_cast<size_t>(resource)] += times;
}

void Device::withhold(FeatureMask features) {
  disable_features(physical_.candidate.caps, features);
}

void Device::set_fault_hook(FaultHook hook) {
  const std::lock_guard lock(hook_mutex_);
  hook_ = std::move(hook);
}

}  // namespace lowtide::vk
