// SPDX-License-Identifier: Apache-2.0
// Reads what a physical device offers into DeviceCaps, and keeps the feature structures that the logical device is
// made with, so that exactly what was reported is what gets enabled.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/vk/api.hpp"
#include "engine/vk/select.hpp"

namespace lowtide::vk {

struct PhysicalDevice {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  Candidate candidate;  // its caps before kill switches
  std::array<uint8_t, 16> uuid = {};
  uint32_t device_id = 0;
  uint32_t queue_family = 0;       // the one compute queue's
  uint32_t timestamp_bits = 0;     // valid bits of a timestamp on that queue; 0: none
  uint32_t uniform_alignment = 1;  // of dynamic uniform-buffer offsets
  VkPhysicalDeviceMemoryProperties memory = {};
  std::set<std::string> extensions;
};

PhysicalDevice probe(VkPhysicalDevice handle);

// The feature structures that lowtide knows, chained as the device supports them. Not copyable: it points into itself.
class FeatureChain {
 public:
  explicit FeatureChain(const std::set<std::string>& extensions);
  FeatureChain(const FeatureChain&) = delete;
  FeatureChain& operator=(const FeatureChain&) = delete;

  VkPhysicalDeviceFeatures2* head() { return &core_; }
  FeatureMask mask() const;       // optional features that are on
  void keep(FeatureMask wanted);  // switches off everything but the 1.3 core that we use and `wanted`
  std::vector<const char*> extension_names() const;  // extensions to enable for what is on

 private:
  VkPhysicalDeviceFeatures2 core_ = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
  VkPhysicalDeviceVulkan11Features v11_ = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES};
  VkPhysicalDeviceVulkan12Features v12_ = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceVulkan13Features v13_ = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix_ = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
#ifdef VK_NV_cooperative_matrix2
  VkPhysicalDeviceCooperativeMatrix2FeaturesNV matrix2_ = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_FEATURES_NV};
#endif
#ifdef VK_KHR_shader_bfloat16
  VkPhysicalDeviceShaderBfloat16FeaturesKHR bfloat16_ = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_BFLOAT16_FEATURES_KHR};
#endif
};

}  // namespace lowtide::vk
