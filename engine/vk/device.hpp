// SPDX-License-Identifier: Apache-2.0
// The logical device: function table, the one compute queue, capabilities after kill switches, and the ledger that
// every creation of a driver object goes through, so that tests can count them and make any of them fail.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/vk/api.hpp"
#include "engine/vk/instance.hpp"

namespace lowtide::vk {

// What the ledger counts.
enum class Resource : uint8_t {
  memory,
  buffer,
  pipeline,
  shader_module,
  layout,
  descriptor_pool,
  descriptor_set,
  descriptor_write,
  command_pool,
  command_buffer,
  query_pool,
  semaphore,
  submit,
};
inline constexpr uint32_t kResourceCount = 13;

const char* resource_name(Resource resource);

// Asked before each creation and submit: true makes a creation fail as if the device's memory were used up, and a
// submit as if the device were lost. Descriptor writes cannot fail. Called from several threads, one at a time.
using FaultHook = std::function<bool(Resource)>;

class Device {
 public:
  // Chooses (select.hpp) and opens a device. `request` as for select_device. What the environment takes
  // away (features.hpp) is not in its caps. The instance must outlive the device.
  static Result<std::unique_ptr<Device>> create(const Instance& instance, std::string_view request);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const DeviceCaps& caps() const { return physical_.candidate.caps; }
  const PhysicalDevice& physical() const { return physical_; }
  const Selection& selection() const { return selection_; }
  const VolkDeviceTable& api() const { return api_; }
  VkDevice handle() const { return handle_; }
  VkQueue queue() const { return queue_; }
  bool has_debug_names() const { return has_debug_names_; }

  // Counts a creation or submit, and fails where the fault hook says so. Call it before the driver.
  VkResult charge(Resource resource) const;
  void count(Resource resource, uint64_t times = 1) const;
  uint64_t counted(Resource resource) const { return counts_[static_cast<size_t>(resource)].load(); }

  // Takes features away from caps().
  void withhold(FeatureMask features);

  // Replaces the fault hook; an empty function removes it.
  void set_fault_hook(FaultHook hook);

 private:
  Device() = default;

  PhysicalDevice physical_;
  Selection selection_;
  VolkDeviceTable api_ = {};
  VkDevice handle_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  bool has_debug_names_ = false;
  mutable std::array<std::atomic<uint64_t>, kResourceCount> counts_ = {};
  mutable std::mutex hook_mutex_;
  FaultHook hook_;
};

}  // namespace lowtide::vk
