// SPDX-License-Identifier: Apache-2.0
// DeviceCaps: limits and features of a device as a plain struct. engine/vk fills it, `lower` reads it, so that a
// network can be lowered on the host for any device, including one that is not there. Limits are in the units of the
// Vulkan specification.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/kernel/kernel_info.hpp"

namespace lowtide {

enum class DeviceKind : uint8_t { other, integrated, discrete, virtual_gpu, cpu };

// A cooperative matrix product [m,k] x [k,n] of subgroup scope; 0: none.
struct MatrixShape {
  uint32_t m = 0, n = 0, k = 0;
};

// PCI number of a vendor (VkPhysicalDeviceProperties::vendorID).
inline constexpr uint32_t kNvidia = 0x10de;

struct DeviceCaps {
  std::string name;    // "llvmpipe (LLVM 19.1.7, 512 bits)"
  std::string driver;  // "Mesa 26.1.0"
  uint32_t vendor_id = 0;
  uint32_t driver_version = 0;
  uint32_t api_version = 0;  // as Vulkan encodes it
  std::array<uint8_t, 16> pipeline_cache_uuid = {};
  DeviceKind kind = DeviceKind::other;

  FeatureMask features = 0;     // after self-tests and LOWTIDE_DISABLE_* switches
  MatrixShape matrix_f16;       // f16 x f16 -> f32
  MatrixShape matrix_s8;        // s8 x s8 -> s32, k at most 32
  uint32_t subgroup_size = 32;  // the default
  uint32_t min_subgroup_size = 32;
  uint32_t max_subgroup_size = 32;
  uint32_t max_workgroup_invocations = 128;
  std::array<uint32_t, 3> max_workgroup_size = {128, 128, 64};
  std::array<uint32_t, 3> max_workgroup_count = {65535, 65535, 65535};
  uint32_t max_shared_bytes = 16384;
  uint32_t max_push_constant_bytes = 128;
  uint64_t max_storage_buffer_bytes = uint64_t{1} << 27;
  uint64_t max_allocation_bytes = uint64_t{1} << 30;
  uint64_t device_memory_bytes = 0;
  uint32_t storage_buffer_alignment = 256;
  float timestamp_period_ns = 0.0f;  // 0: no timestamps
  bool prefers_device_address =
      false;  // bounds-checked storage buffers cost a factor on this driver (measured on llvmpipe: 2x)

  bool has(FeatureMask needed) const { return (features & needed) == needed; }
  bool is_software() const { return kind == DeviceKind::cpu; }
};

// What the specification grants every Vulkan 1.3 device with no optional feature: the floor that every op must run on.
DeviceCaps floor_caps();
// Mesa's software driver with 512-bit vectors, and a data-centre GPU: stored for tests that lower without a device.
DeviceCaps software_caps();
DeviceCaps data_centre_caps();

}  // namespace lowtide
