// SPDX-License-Identifier: Apache-2.0
// Result names, errors and object names.
#include "engine/vk/debug.hpp"

#include <fmt/format.h>

#include "engine/vk/device.hpp"

namespace lowtide::vk {
namespace {

ErrorCode error_code(VkResult result) {
  switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_FRAGMENTED_POOL:
    case VK_ERROR_TOO_MANY_OBJECTS:
      return ErrorCode::out_of_memory;
    case VK_ERROR_DEVICE_LOST:
      return ErrorCode::device_lost;
    default:
      return ErrorCode::unsupported;
  }
}

const char* advice(ErrorCode code) {
  switch (code) {
    case ErrorCode::out_of_memory:
      return "use a smaller batch or network, or close other programs that use the device";
    case ErrorCode::device_lost:
      return "the driver gave up, often because one submission ran too long: use a smaller batch, resume from the last "
             "checkpoint";
    default:
      return "the driver refused it: run with LOWTIDE_VALIDATION=1 for details, or choose another device with "
             "LOWTIDE_DEVICE";
  }
}

}  // namespace

std::string result_name(VkResult result) {
  switch (result) {
#define LOWTIDE_RESULT_NAME(name) \
  case name:                      \
    return #name;
    LOWTIDE_RESULT_NAME(VK_SUCCESS)
    LOWTIDE_RESULT_NAME(VK_NOT_READY)
    LOWTIDE_RESULT_NAME(VK_TIMEOUT)
    LOWTIDE_RESULT_NAME(VK_INCOMPLETE)
    LOWTIDE_RESULT_NAME(VK_ERROR_OUT_OF_HOST_MEMORY)
    LOWTIDE_RESULT_NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY)
    LOWTIDE_RESULT_NAME(VK_ERROR_INITIALIZATION_FAILED)
    LOWTIDE_RESULT_NAME(VK_ERROR_DEVICE_LOST)
    LOWTIDE_RESULT_NAME(VK_ERROR_MEMORY_MAP_FAILED)
    LOWTIDE_RESULT_NAME(VK_ERROR_LAYER_NOT_PRESENT)
    LOWTIDE_RESULT_NAME(VK_ERROR_EXTENSION_NOT_PRESENT)
    LOWTIDE_RESULT_NAME(VK_ERROR_FEATURE_NOT_PRESENT)
    LOWTIDE_RESULT_NAME(VK_ERROR_INCOMPATIBLE_DRIVER)
    LOWTIDE_RESULT_NAME(VK_ERROR_TOO_MANY_OBJECTS)
    LOWTIDE_RESULT_NAME(VK_ERROR_FRAGMENTED_POOL)
    LOWTIDE_RESULT_NAME(VK_ERROR_UNKNOWN)
    LOWTIDE_RESULT_NAME(VK_ERROR_OUT_OF_POOL_MEMORY)
#undef LOWTIDE_RESULT_NAME
    default:
      return fmt::format("VkResult {}", static_cast<int>(result));
  }
}

tl::unexpected<Error> vk_fail(VkResult result, std::string_view attempt) {
  const ErrorCode code = error_code(result);
  return fail(code, fmt::format("{} failed with {}; {}", attempt, result_name(result), advice(code)));
}

void set_name(const Device& device, VkObjectType type, uint64_t handle, const std::string& name) {
  if (vkSetDebugUtilsObjectNameEXT == nullptr || !device.has_debug_names()) return;
  VkDebugUtilsObjectNameInfoEXT info = {VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT};
  info.objectType = type;
  info.objectHandle = handle;
  info.pObjectName = name.c_str();
  static_cast<void>(vkSetDebugUtilsObjectNameEXT(device.handle(), &info));
}

}  // namespace lowtide::vk
