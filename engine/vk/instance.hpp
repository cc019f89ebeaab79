// SPDX-License-Identifier: Apache-2.0
// The Vulkan instance: loader, validation layer with synchronisation validation, debug messenger.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/vk/api.hpp"
#include "engine/vk/probe.hpp"

namespace lowtide::vk {

class Instance {
 public:
  // Loads the Vulkan loader and makes an instance. With `validation` every message of the validation layer goes to
  // report_validation. Error `unsupported` where there is no loader, or no validation layer although it is asked for.
  static Result<std::unique_ptr<Instance>> create(bool validation);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  VkInstance handle() const { return handle_; }
  bool has_debug_names() const { return has_debug_names_; }

  // All physical devices in the loader's order, which is the order of LOWTIDE_DEVICE's index.
  Result<std::vector<PhysicalDevice>> devices() const;

 private:
  Instance() = default;

  VkInstance handle_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  bool has_debug_names_ = false;
};

}  // namespace lowtide::vk
