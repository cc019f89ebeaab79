// SPDX-License-Identifier: Apache-2.0
// Instance creation.
#include "engine/vk/instance.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>

#include "engine/base/log.hpp"
#include "engine/vk/debug.hpp"
#include "engine/vk/validation.hpp"

namespace lowtide::vk {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT types,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
  const std::string text = std::string(data->pMessageIdName == nullptr ? "" : data->pMessageIdName) + ": " +
                           (data->pMessage == nullptr ? "" : data->pMessage);
  if ((types & VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT) != 0) {
    report_validation(text);
  } else {  // the loader's own remarks, about drivers that it could not use, for instance
    log(LogLevel::debug, text);
  }
  return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messenger_info() {
  VkDebugUtilsMessengerCreateInfoEXT info = {VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
  info.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  info.pfnUserCallback = on_message;
  return info;
}

// Synchronisation validation sees hazards between dispatches on storage buffers only with its shader-access heuristic.
struct LayerSettings {
  VkBool32 on = VK_TRUE;
  VkLayerSettingEXT rows[2] = {
      {kValidationLayer, "validate_sync", VK_LAYER_SETTING_TYPE_BOOL32_EXT, 1, &on},
      {kValidationLayer, "syncval_shader_accesses_heuristic", VK_LAYER_SETTING_TYPE_BOOL32_EXT, 1, &on}};
  VkLayerSettingsCreateInfoEXT info = {VK_STRUCTURE_TYPE_LAYER_SETTINGS_CREATE_INFO_EXT, nullptr, 2, rows};
};

bool has_layer() {
  uint32_t count = 0;
  if (vkEnumerateInstanceLayerProperties(&count, nullptr) != VK_SUCCESS) return false;
  std::vector<VkLayerProperties> layers(count);
  if (vkEnumerateInstanceLayerProperties(&count, layers.data()) != VK_SUCCESS) return false;
  return std::any_of(layers.begin(), layers.end(), [](const VkLayerProperties& layer) {
    return std::strcmp(layer.layerName, kValidationLayer) == 0;
  });
}

bool has_extension(const char* name) {
  uint32_t count = 0;
  if (vkEnumerateInstanceExtensionProperties(nullptr, &count, nullptr) != VK_SUCCESS) return false;
  std::vector<VkExtensionProperties> rows(count);
  if (vkEnumerateInstanceExtensionProperties(nullptr, &count, rows.data()) != VK_SUCCESS) return false;
  return std::any_of(rows.begin(), rows.end(),
                     [&](const VkExtensionProperties& row) { return std::strcmp(row.extensionName, name) == 0; });
}

Result<void> load_loader() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (volkGetInstanceVersion() != 0) return {};
  if (volkInitialize() != VK_SUCCESS) {
    return fail(ErrorCode::unsupported,
                "no Vulkan loader (libvulkan.so.1) was found; install a Vulkan driver, or run tools/setup");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::create(bool validation) {
  LOWTIDE_TRY_VOID(load_loader());
  if (volkGetInstanceVersion() < VK_API_VERSION_1_3) {
    return fail(ErrorCode::unsupported, "the Vulkan loader is older than 1.3; install a newer one, or run tools/setup");
  }
  if (validation && !has_layer()) {
    return fail(ErrorCode::unsupported,
                "LOWTIDE_VALIDATION asks for VK_LAYER_KHRONOS_validation, which is not installed; install the Vulkan "
                "validation layers, set VK_ADD_LAYER_PATH (`. build/env`), or unset LOWTIDE_VALIDATION");
  }
  auto instance = std::unique_ptr<Instance>(new Instance());
  instance->has_debug_names_ = has_extension(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);

  VkApplicationInfo application = {VK_STRUCTURE_TYPE_APPLICATION_INFO};
  application.pEngineName = application.pApplicationName = "lowtide";
  application.apiVersion = VK_API_VERSION_1_3;
  const char* layers[] = {kValidationLayer};
  const char* extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
  LayerSettings settings;
  VkDebugUtilsMessengerCreateInfoEXT messages = messenger_info();  // for the instance's own creation and destruction
  VkInstanceCreateInfo info = {VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  info.pApplicationInfo = &application;
  info.enabledExtensionCount = instance->has_debug_names_ ? 1 : 0;
  info.ppEnabledExtensionNames = extensions;
  if (validation) {
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = layers;
    info.pNext = &settings.info;
    if (instance->has_debug_names_) settings.info.pNext = &messages;
  }
  const VkResult made = vkCreateInstance(&info, nullptr, &instance->handle_);
  if (made == VK_ERROR_INCOMPATIBLE_DRIVER) {
    return fail(ErrorCode::not_found,
                "no Vulkan driver was found; install one for your device, or run tools/setup for a "
                "software driver (and check VK_DRIVER_FILES, if it is set)");
  }
  LOWTIDE_VK(made, "making a Vulkan instance");
  volkLoadInstanceOnly(instance->handle_);
  if (validation && instance->has_debug_names_) {
    LOWTIDE_VK(vkCreateDebugUtilsMessengerEXT(instance->handle_, &messages, nullptr, &instance->messenger_),
               "listening to validation messages");
  }
  return instance;
}

Instance::~Instance() {
  if (messenger_ != VK_NULL_HANDLE) vkDestroyDebugUtilsMessengerEXT(handle_, messenger_, nullptr);
  if (handle_ != VK_NULL_HANDLE) vkDestroyInstance(handle_, nullptr);
}

Result<std::vector<PhysicalDevice>> Instance::devices() const {
  uint32_t count = 0;
  LOWTIDE_VK(vkEnumeratePhysicalDevices(handle_, &count, nullptr), "listing the Vulkan devices");
  std::vector<VkPhysicalDevice> handles(count);
  LOWTIDE_VK(vkEnumeratePhysicalDevices(handle_, &count, handles.data()), "listing the Vulkan devices");
  std::vector<PhysicalDevice> devices;
  for (const VkPhysicalDevice handle : handles) devices.push_back(probe(handle));
  return devices;
}

}  // namespace lowtide::vk
