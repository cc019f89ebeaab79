// SPDX-License-Identifier: Apache-2.0
// Limits, features and memory of a physical device.
#include "engine/vk/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/kernel/dispatch.hpp"
#include "engine/vk/features.hpp"

namespace lowtide::vk {
namespace {

DeviceKind kind_of(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return DeviceKind::integrated;
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return DeviceKind::discrete;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return DeviceKind::virtual_gpu;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return DeviceKind::cpu;
    default:
      return DeviceKind::other;
  }
}

std::set<std::string> extensions_of(VkPhysicalDevice handle) {
  uint32_t count = 0;
  std::set<std::string> names;
  if (vkEnumerateDeviceExtensionProperties(handle, nullptr, &count, nullptr) != VK_SUCCESS) return names;
  std::vector<VkExtensionProperties> rows(count);
  if (vkEnumerateDeviceExtensionProperties(handle, nullptr, &count, rows.data()) < VK_SUCCESS) return names;
  for (const VkExtensionProperties& row : rows) names.insert(row.extensionName);
  return names;
}

struct Properties {
  VkPhysicalDeviceProperties2 core = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  VkPhysicalDeviceVulkan11Properties v11 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
  VkPhysicalDeviceVulkan12Properties v12 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES};
  VkPhysicalDeviceVulkan13Properties v13 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES};
};

void fill_identity(DeviceCaps& caps, const VkPhysicalDeviceProperties& core) {
  caps.name = core.deviceName;
  caps.vendor_id = core.vendorID;
  caps.driver_version = core.driverVersion;
  caps.api_version = core.apiVersion;
  caps.kind = kind_of(core.deviceType);
  std::copy_n(core.pipelineCacheUUID, caps.pipeline_cache_uuid.size(), caps.pipeline_cache_uuid.begin());
}

void fill_limits(DeviceCaps& caps, const Properties& properties) {
  const VkPhysicalDeviceLimits& limits = properties.core.properties.limits;
  caps.driver = fmt::format("{} {}", properties.v12.driverName, properties.v12.driverInfo);
  caps.subgroup_size = properties.v11.subgroupSize;
  caps.min_subgroup_size = properties.v13.minSubgroupSize;
  caps.max_subgroup_size = properties.v13.maxSubgroupSize;
  caps.max_workgroup_invocations = limits.maxComputeWorkGroupInvocations;
  std::copy_n(limits.maxComputeWorkGroupSize, 3, caps.max_workgroup_size.begin());
  std::copy_n(limits.maxComputeWorkGroupCount, 3, caps.max_workgroup_count.begin());
  caps.max_shared_bytes = limits.maxComputeSharedMemorySize;
  caps.max_push_constant_bytes = limits.maxPushConstantsSize;
  caps.max_storage_buffer_bytes = limits.maxStorageBufferRange;
  caps.max_allocation_bytes = std::min<uint64_t>(properties.v11.maxMemoryAllocationSize, properties.v13.maxBufferSize);
  caps.storage_buffer_alignment = static_cast<uint32_t>(limits.minStorageBufferOffsetAlignment);
  caps.timestamp_period_ns = limits.timestampPeriod;
}

FeatureMask subgroup_features(const VkPhysicalDeviceVulkan11Properties& v11) {
  FeatureMask mask = 0;
  if ((v11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) == 0) return mask;
  const auto has = [&](VkSubgroupFeatureFlags flag) { return (v11.subgroupSupportedOperations & flag) != 0; };
  if (has(VK_SUBGROUP_FEATURE_ARITHMETIC_BIT)) mask |= bit(Feature::subgroup_arithmetic);
  if (has(VK_SUBGROUP_FEATURE_SHUFFLE_BIT)) mask |= bit(Feature::subgroup_shuffle);
  if (has(VK_SUBGROUP_FEATURE_BALLOT_BIT)) mask |= bit(Feature::subgroup_ballot);
  return mask;
}

// The shape for `operand` x `operand` -> `sum` at subgroup scope: 16 x 16 x `native_k` where it is listed, which most
// hardware has natively, else the one of most products.
MatrixShape matrix_shape(VkPhysicalDevice handle, VkComponentTypeKHR operand, VkComponentTypeKHR sum,
                         uint32_t native_k) {
  uint32_t count = 0;
  if (vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR == nullptr) return {};
  if (vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR(handle, &count, nullptr) != VK_SUCCESS) return {};
  std::vector<VkCooperativeMatrixPropertiesKHR> rows(count,
                                                     {.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR});
  if (vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR(handle, &count, rows.data()) < VK_SUCCESS) return {};
  MatrixShape best;
  for (const VkCooperativeMatrixPropertiesKHR& row : rows) {
    const bool fits = row.AType == operand && row.BType == operand && row.CType == sum && row.ResultType == sum &&
                      row.saturatingAccumulation == VK_FALSE && row.scope == VK_SCOPE_SUBGROUP_KHR;
    const MatrixShape shape = {row.MSize, row.NSize, row.KSize};
    if (!fits || shape.k > 32) continue;
    if (shape.m == 16 && shape.n == 16 && shape.k == native_k) return shape;
    if (shape.m * shape.n * shape.k > best.m * best.n * best.k) best = shape;
  }
  return best;
}

// The first family with a compute queue; a family without graphics is preferred (its work runs beside the desktop's).
std::optional<uint32_t> compute_family(VkPhysicalDevice handle, uint32_t& timestamp_bits) {
  uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, families.data());
  std::optional<uint32_t> found;
  for (uint32_t i = 0; i < count; ++i) {
    if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0) continue;
    const bool is_compute_only = (families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) == 0;
    if (found && !is_compute_only) continue;
    found = i;
    if (is_compute_only) break;
  }
  timestamp_bits = found ? families[*found].timestampValidBits : 0;
  return found;
}

uint64_t device_memory_bytes(const VkPhysicalDeviceMemoryProperties& memory) {
  uint64_t largest = 0;
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
    if ((memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0) {
      largest = std::max<uint64_t>(largest, memory.memoryHeaps[i].size);
    }
  }
  return largest;
}

}  // namespace

PhysicalDevice probe(VkPhysicalDevice handle) {
  PhysicalDevice device;
  device.handle = handle;
  DeviceCaps& caps = device.candidate.caps;
  Properties properties;
  vkGetPhysicalDeviceProperties(handle, &properties.core.properties);
  fill_identity(caps, properties.core.properties);
  vkGetPhysicalDeviceMemoryProperties(handle, &device.memory);
  caps.device_memory_bytes = device_memory_bytes(device.memory);
  if (caps.api_version < VK_API_VERSION_1_3) return device;  // the structures below may not be asked for

  properties.core.pNext = &properties.v11;
  properties.v11.pNext = &properties.v12;
  properties.v12.pNext = &properties.v13;
  vkGetPhysicalDeviceProperties2(handle, &properties.core);
  fill_limits(caps, properties);
  std::copy_n(properties.v11.deviceUUID, device.uuid.size(), device.uuid.begin());
  device.device_id = properties.core.properties.deviceID;
  device.uniform_alignment = static_cast<uint32_t>(properties.core.properties.limits.minUniformBufferOffsetAlignment);
  device.extensions = extensions_of(handle);

  FeatureChain chain(device.extensions);
  vkGetPhysicalDeviceFeatures2(handle, chain.head());
  caps.features = chain.mask() | subgroup_features(properties.v11);
  // Mesa 26.1's llvmpipe crashes in compiling cooperative matrices unless its subgroups are 8 wide (256-bit vectors).
  if (properties.v12.driverID == VK_DRIVER_ID_MESA_LLVMPIPE && caps.subgroup_size != 8) {
    disable_features(caps, bit(Feature::cooperative_matrix));
  }
  if (caps.has(bit(Feature::cooperative_matrix))) {
    caps.matrix_f16 = matrix_shape(handle, VK_COMPONENT_TYPE_FLOAT16_KHR, VK_COMPONENT_TYPE_FLOAT32_KHR, 16);
    caps.matrix_s8 = matrix_shape(handle, VK_COMPONENT_TYPE_SINT8_KHR, VK_COMPONENT_TYPE_SINT32_KHR, 32);
    if (caps.matrix_s8.m > 0) caps.features |= bit(Feature::cooperative_matrix_int8);
  }
  // Bounds-checked storage buffers cost llvmpipe about a factor of two against device addresses.
  caps.prefers_device_address =
      properties.v12.driverID == VK_DRIVER_ID_MESA_LLVMPIPE && caps.has(bit(Feature::device_address));

  const std::optional<uint32_t> family = compute_family(handle, device.timestamp_bits);
  if (device.timestamp_bits == 0) caps.timestamp_period_ns = 0.0f;
  if (family) device.queue_family = *family;
  if (!family) device.candidate.unusable = "has no queue that can compute";
  const uint32_t bindings = properties.core.properties.limits.maxPerStageDescriptorStorageBuffers;
  if (bindings < kMaxBindings) {
    device.candidate.unusable =
        fmt::format("lets a kernel use {} storage buffers, at least {} are needed", bindings, kMaxBindings);
  }
  return device;
}

FeatureChain::FeatureChain(const std::set<std::string>& extensions) {
  core_.pNext = &v11_;
  v11_.pNext = &v12_;
  v12_.pNext = &v13_;
  [[maybe_unused]] void** tail = &v13_.pNext;
  const auto append = [&](const char* name, auto& features) {
    if (extensions.count(name) == 0) return;
    *tail = &features;
    tail = &features.pNext;
  };
  append(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME, matrix_);
#ifdef VK_NV_cooperative_matrix2
  append(VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME, matrix2_);
#endif
#ifdef VK_KHR_shader_bfloat16
  append(VK_KHR_SHADER_BFLOAT16_EXTENSION_NAME, bfloat16_);
#endif
}

FeatureMask FeatureChain::mask() const {
  FeatureMask mask = 0;
  const auto add = [&](Feature feature, VkBool32 on) { mask |= on == VK_TRUE ? bit(feature) : 0; };
  add(Feature::float16, v12_.shaderFloat16);
  add(Feature::int8, v12_.shaderInt8);
  add(Feature::int16, core_.features.shaderInt16);
  add(Feature::int64, core_.features.shaderInt64);
  add(Feature::storage8, v12_.storageBuffer8BitAccess);
  add(Feature::storage16, v11_.storageBuffer16BitAccess);
  add(Feature::integer_dot, v13_.shaderIntegerDotProduct);
  add(Feature::device_address, v12_.bufferDeviceAddress);
  add(Feature::cooperative_matrix, matrix_.cooperativeMatrix & v12_.vulkanMemoryModel);
#ifdef VK_NV_cooperative_matrix2
  add(Feature::cooperative_matrix2, matrix2_.cooperativeMatrixFlexibleDimensions &
                                        matrix2_.cooperativeMatrixWorkgroupScope & matrix_.cooperativeMatrix);
#endif
#ifdef VK_KHR_shader_bfloat16
  add(Feature::bfloat16, bfloat16_.shaderBFloat16Type);
#endif
  return mask;
}

void FeatureChain::keep(FeatureMask wanted) {
  const auto on = [&](Feature feature, VkBool32 offered) {
    return (wanted & bit(feature)) != 0 && offered == VK_TRUE ? VK_TRUE : VK_FALSE;
  };
  VkPhysicalDeviceFeatures core = {};
  core.shaderInt16 = on(Feature::int16, core_.features.shaderInt16);
  core.shaderInt64 = on(Feature::int64, core_.features.shaderInt64);
  core_.features = core;

  VkPhysicalDeviceVulkan11Features v11 = {v11_.sType, v11_.pNext};
  v11.storageBuffer16BitAccess = on(Feature::storage16, v11_.storageBuffer16BitAccess);
  v11_ = v11;

  VkPhysicalDeviceVulkan12Features v12 = {v12_.sType, v12_.pNext};
  v12.timelineSemaphore = VK_TRUE;
  v12.shaderFloat16 = on(Feature::float16, v12_.shaderFloat16);
  v12.shaderInt8 = on(Feature::int8, v12_.shaderInt8);
  v12.storageBuffer8BitAccess = on(Feature::storage8, v12_.storageBuffer8BitAccess);
  v12.bufferDeviceAddress = on(Feature::device_address, v12_.bufferDeviceAddress);
  v12.scalarBlockLayout = v12_.scalarBlockLayout;
  v12.shaderSubgroupExtendedTypes = v12_.shaderSubgroupExtendedTypes;
  v12.vulkanMemoryModel = on(Feature::cooperative_matrix, v12_.vulkanMemoryModel);
  v12.vulkanMemoryModelDeviceScope = v12.vulkanMemoryModel & v12_.vulkanMemoryModelDeviceScope;
  v12_ = v12;

  VkPhysicalDeviceVulkan13Features v13 = {v13_.sType, v13_.pNext};
  v13.synchronization2 = VK_TRUE;
  v13.maintenance4 = VK_TRUE;
  v13.subgroupSizeControl = VK_TRUE;
  v13.computeFullSubgroups = VK_TRUE;
  v13.shaderIntegerDotProduct = on(Feature::integer_dot, v13_.shaderIntegerDotProduct);
  v13_ = v13;

  const auto clear_unless = [&](Feature feature, auto& features) {
    if ((wanted & bit(feature)) == 0) features = {features.sType, features.pNext};
  };
  clear_unless(Feature::cooperative_matrix, matrix_);
  matrix_.cooperativeMatrixRobustBufferAccess = VK_FALSE;
#ifdef VK_NV_cooperative_matrix2
  clear_unless(Feature::cooperative_matrix2, matrix2_);
#endif
#ifdef VK_KHR_shader_bfloat16
  clear_unless(Feature::bfloat16, bfloat16_);
#endif
}

std::vector<const char*> FeatureChain::extension_names() const {
  std::vector<const char*> names;
  for (const void* link = v13_.pNext; link != nullptr; link = static_cast<const VkBaseInStructure*>(link)->pNext) {
    if (link == &matrix_) names.push_back(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
#ifdef VK_NV_cooperative_matrix2
    if (link == &matrix2_) names.push_back(VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME);
#endif
#ifdef VK_KHR_shader_bfloat16
    if (link == &bfloat16_) names.push_back(VK_KHR_SHADER_BFLOAT16_EXTENSION_NAME);
#endif
  }
  return names;
}

}  // namespace lowtide::vk
