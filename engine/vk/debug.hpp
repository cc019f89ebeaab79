// SPDX-License-Identifier: Apache-2.0
// Errors of Vulkan calls as sentences, and names of objects for capture tools and validation messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/vk/api.hpp"

namespace lowtide::vk {

class Device;

// "VK_ERROR_OUT_OF_DEVICE_MEMORY"; unknown codes as their number.
std::string result_name(VkResult result);

// The error of a failed Vulkan call. `attempt` says what was being done: "allocating 64 MiB of device memory".
// Out-of-memory and device-lost results get the error code of that name, the rest `unsupported`.
tl::unexpected<Error> vk_fail(VkResult result, std::string_view attempt);

// Gives an object the name that capture tools and validation messages show. No effect where names are not supported.
void set_name(const Device& device, VkObjectType type, uint64_t handle, const std::string& name);

}  // namespace lowtide::vk

// LOWTIDE_VK(call, attempt): returns vk_fail from the enclosing function unless the call gives VK_SUCCESS.
#define LOWTIDE_VK(call, attempt)                                                  \
  do {                                                                             \
    if (const VkResult vk_result_ = (call); vk_result_ != VK_SUCCESS) [[unlikely]] \
      return ::lowtide::vk::vk_fail(vk_result_, (attempt));                        \
  } while (false)
